"""A fault in a single step between two records is found, dated, and written with the steps before it."""

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth

NAN_STEP, SPIKE_STEP, STEPS = 33, 57, 75


def healthy(random, steps=STEPS):
    """Gradients of an ordinary size, float32 [steps, 4, 3]."""
    return random.normal(size=(steps, 4, 3)).astype(np.float32)


def record(log_dir, as_step, gradients, **arguments):
    """A loop over the gradients of ``first/kernel`` and ``second/kernel``; only the second's are faulty."""
    first, second = (tf.Variable(tf.ones([4, 3]), name=f"{name}/kernel") for name in ("first", "second"))
    with gradhealth.Recorder(log_dir, **arguments) as recorder:

        def step(gradient, fine):
            recorder.observe([(fine, first), (gradient, second)], weights=(), loss=tf.reduce_sum(fine**2))

        step = as_step(step)
        for number, gradient in enumerate(gradients):
            step(tf.constant(gradient), tf.constant(np.roll(gradients[0], number)))
            recorder.write(number)


def test_a_nan_of_one_step_is_recorded_at_that_step_for_that_tensor(tmp_path, as_step, read_run, random):
    gradients = healthy(random)
    gradients[NAN_STEP, 0, 0] = np.nan
    gradients[NAN_STEP + 2, 0, 1] = np.inf
    record(tmp_path, as_step, gradients)
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 20, 30, NAN_STEP, 40, 50, 60, 70]
    at = run.steps.index(NAN_STEP)
    assert run.values("gradient", "second/kernel", "nan_count")[at] == 1
    assert run.values("gradient", "second/kernel", "bad_steps") == [0, 0, 0, 0, 1, 1, 0, 0, 0]
    # The record of the NaN is still pending at the infinity two steps later: the next record dates it.
    assert 40 - run.values("gradient", "second/kernel", "bad_ago")[at + 1] == NAN_STEP + 2
    assert not any(run.values("gradient", "first/kernel", "bad_steps"))
    rms = np.sqrt(np.nanmean(gradients[NAN_STEP].astype(np.float64) ** 2))
    np.testing.assert_allclose(run.values("gradient", "second/kernel", "rms")[at], rms, rtol=1e-6)


def test_a_spike_of_one_step_is_recorded_at_that_step(tmp_path, as_step, read_run, random):
    gradients = healthy(random)
    gradients[SPIKE_STEP] *= 30
    record(tmp_path, as_step, gradients)
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 20, 30, 40, 50, SPIKE_STEP, 60, 70]
    peaks = run.values("gradient", "second/kernel", "peak_rms")
    expected = np.sqrt(np.mean(gradients[SPIKE_STEP].astype(np.float64) ** 2))
    np.testing.assert_allclose(max(peaks), expected, rtol=1e-6)
    assert np.argmax(peaks) == run.steps.index(SPIKE_STEP)
    assert run.values("gradient", "second/kernel", "peak_rms_ago")[run.steps.index(SPIKE_STEP)] == 0


def test_lasting_tenfold_rise_trips_once(tmp_path, read_run, random):
    gradients = healthy(random)
    gradients[SPIKE_STEP:] *= 10
    record(tmp_path, lambda step: step, gradients)
    assert read_run(tmp_path).steps == [0, 10, 20, 30, 40, 50, SPIKE_STEP, 60, 70]


def test_fast_decrease_trips_nothing(tmp_path, read_run, random):
    gradients = healthy(random) * np.exp(-0.1 * np.arange(STEPS, dtype=np.float32))[:, None, None]
    record(tmp_path, lambda step: step, gradients)
    assert read_run(tmp_path).steps == [0, 10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("every", [10, 50])
def test_the_steps_around_a_fault_and_those_at_the_end_are_written_one_by_one(
    tmp_path, as_step, read_run, random, every
):
    gradients = healthy(random)
    gradients[NAN_STEP, 0, 0] = np.nan
    record(tmp_path, as_step, gradients, every=every)
    run = read_run(tmp_path)
    table = run.records[0].table
    steps = np.concatenate([steps.steps for steps in run.steps_written])
    assert steps.tolist() == list(range(STEPS))  # no step is written twice
    values = np.concatenate([steps.values for steps in run.steps_written])
    names = [(table.rows[index].kind, table.rows[index].tensor) for index in table.watched]
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(np.mean(gradients.astype(np.float64) ** 2, axis=(1, 2)))
    np.testing.assert_allclose(values[:, names.index(("gradient", "second/kernel"))], expected, rtol=1e-6)
    losses = np.full(STEPS, np.sum(gradients[0].astype(np.float64) ** 2))
    np.testing.assert_allclose(values[:, names.index(("loss", "loss"))], losses, rtol=1e-5)


def test_a_long_training_ends_with_at_least_sixty_four_steps_one_by_one(tmp_path, read_run, random):
    record(tmp_path, lambda step: step, healthy(random, 150))
    (steps,) = read_run(tmp_path).steps_written
    assert steps.steps.tolist() == list(range(86, 150))


def test_tripped_record_is_readable_before_the_training_ends(tmp_path, read_run, random):
    variable = tf.Variable(tf.ones([4, 3]), name="first/kernel")
    recorder = gradhealth.Recorder(tmp_path)
    for number, gradient in enumerate(healthy(random, 31)):
        recorder.observe([(gradient * (np.inf if number == 23 else 1), variable)])
        recorder.write(number)
    run = read_run(tmp_path)
    assert 23 in run.steps
    assert run.steps_written[0].steps.tolist() == list(range(31))
    recorder.close()


def test_spike_in_an_unwatched_sample_is_found_through_the_loss(tmp_path, read_run, random):
    """Step statistics cover the first samples only; the spike is in the last one."""
    model = tf.keras.Sequential([tf.keras.Input((40, 40, 8)), tf.keras.layers.ReLU(name="relu")])
    recorder = gradhealth.Recorder(tmp_path)
    for number in range(60):
        batch = random.uniform(0, 1, size=(16, 40, 40, 8)).astype(np.float32)
        if number == 45:
            batch[-1, 3, 3, 3] = 1e6
        with gradhealth.capture(model) as activations:
            loss = tf.reduce_mean(model(batch))
        recorder.observe([], activations=activations, loss=loss)
        recorder.write(number)
    recorder.close()
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 20, 30, 40, 45, 50]
    assert run.values("activation", "relu", "peak_max")[5] == 1e6


@pytest.mark.parametrize("steps_per_execution", [1, 8])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_keras_finds_step_and_tensor_of_a_nan_and_a_spike(
    tmp_path, read_run, random, steps_per_execution, jit_compile
):
    inputs = random.normal(size=(STEPS * 4 + 20, 6)).astype(np.float32)
    inputs[NAN_STEP * 4, 2] = np.nan
    clean = tf.keras.Sequential(
        [
            tf.keras.Input((6,)),
            NanToZero(name="cleaned"),
            tf.keras.layers.Dense(5, activation="tanh", name="hidden"),
            tf.keras.layers.Dense(1, name="out"),
        ]
    )
    inputs[SPIKE_STEP * 4 : SPIKE_STEP * 4 + 4] *= 1000
    clean.compile(
        "sgd", "mse", steps_per_execution=steps_per_execution, jit_compile=jit_compile, run_eagerly=False
    )
    clean.fit(
        inputs,
        np.ones((len(inputs), 1), np.float32),
        batch_size=4,
        shuffle=False,
        verbose=0,
        callbacks=[gradhealth.KerasCallback(tmp_path)],
    )
    run = read_run(tmp_path)
    assert {NAN_STEP, SPIKE_STEP} <= set(run.steps)
    at_nan, at_spike = run.steps.index(NAN_STEP), run.steps.index(SPIKE_STEP)
    assert run.values("activation", "cleaned", "nan_count")[at_nan] == 0
    assert run.values("activation", "raw", "nan_count") == [float(step == NAN_STEP) for step in run.steps]
    peaks = run.values("activation", "raw", "peak_max")
    assert np.nanargmax(peaks) == at_spike
    assert peaks[at_spike] == np.abs(inputs[SPIKE_STEP * 4 : SPIKE_STEP * 4 + 4]).max()


class NanToZero(tf.keras.layers.Layer):
    """Replaces NaN by 0, so that only the first inner layer has it."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.raw = tf.keras.layers.Activation("linear", name="raw")
        self.clean = tf.keras.layers.Activation(lambda x: tf.where(tf.math.is_nan(x), 0.0, x), name="cleaned")

    def call(self, inputs):
        return self.clean(self.raw(inputs))
