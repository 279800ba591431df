"""The recorder in a hand-written loop: what it writes, when, and what happened in between."""

import re

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth


def run_loop(log_dir, as_step, gradients, every=10, **arguments):
    """A loop over gradients of one variable ``layer/kernel``, one step each; nothing is trained."""
    variable = tf.Variable(tf.ones([2, 2]), name="layer/kernel")
    with gradhealth.Recorder(log_dir, every=every, **arguments) as recorder:

        def step(gradient):
            recorder.observe([(gradient, variable)], weights=())

        step = as_step(step)
        for number, gradient in enumerate(gradients):
            step(tf.constant(gradient, tf.float32))
            recorder.write(number)
    return recorder


def test_writes_the_first_step_and_each_tenth_after_it(tmp_path, as_step, read_run):
    run_loop(tmp_path, as_step, [np.full([2, 2], n + 1) for n in range(25)])
    run = read_run(tmp_path / "gradhealth")
    assert run.steps == [0, 10, 20]
    assert run.values("gradient", "layer/kernel", "rms") == [1, 11, 21]
    assert run.table_events == 1


def test_close_tells_of_a_nan_after_the_last_record_and_nothing_it_does_not_know(tmp_path, read_run):
    gradients = np.ones([17, 2, 2])
    gradients[12] = 99  # trips a record, so that nothing else does before somebody looks
    gradients[14] = np.nan
    run_loop(tmp_path, lambda step: step, np.concatenate([np.ones([20, 2, 2]), gradients]))
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 20, 30, 32, 36]
    assert 36 - run.values("gradient", "layer/kernel", "bad_ago")[-1] == 34
    assert np.isnan(run.values("gradient", "layer/kernel", "rms")[-1])


def test_squares_that_overflow_are_no_infinity(tmp_path, as_step, read_run):
    run_loop(tmp_path, as_step, [np.full([2, 2], 1e30)] * 11)
    run = read_run(tmp_path)
    assert run.steps == [0, 10]
    assert run.values("gradient", "layer/kernel", "bad_steps") == [0, 0]
    np.testing.assert_allclose(run.values("gradient", "layer/kernel", "peak_rms"), [1e30, 1e30], rtol=1e-6)


def test_close_adds_nothing_to_a_tail_without_trouble(tmp_path, read_run):
    run_loop(tmp_path, lambda step: step, np.ones([17, 2, 2]))
    assert read_run(tmp_path).steps == [0, 10]


def test_facts_of_a_record_nobody_read_go_into_the_next(tmp_path, as_step, read_run):
    variable = tf.Variable(tf.ones([2]), name="layer/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=3)

    def step(gradient):
        recorder.observe([(gradient, variable)], weights=())

    step = as_step(step)
    for number in range(20):
        step(tf.fill([2], float("nan") if number == 4 else 9.0 if number == 7 else 1.0))
        if number % 10 == 9:
            recorder.write(number)
    recorder.close()
    run = read_run(tmp_path)
    assert run.steps == [4, 9, 18]
    assert run.values("gradient", "layer/kernel", "bad_steps") == [1, 0, 0]
    assert run.values("gradient", "layer/kernel", "bad_ago")[0] == 0
    assert run.values("gradient", "layer/kernel", "peak_rms") == [1, 9, 1]
    assert 9 - run.values("gradient", "layer/kernel", "peak_rms_ago")[1] == 7


@pytest.mark.parametrize("before_the_update", [True, False])
def test_updates_are_the_true_change_of_the_weights(tmp_path, as_step, read_run, before_the_update):
    variable = tf.Variable(tf.fill([3], 10.0), name="layer/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=4)

    def step(change):
        if before_the_update:
            recorder.observe([(change, variable)])
        variable.assign_add(change)
        if not before_the_update:
            recorder.observe([(change, variable)])

    step = as_step(step)
    for number in range(9):
        step(tf.fill([3], number + 1.0))
        recorder.write(number)
    recorder.close()
    updates = read_run(tmp_path).values("update", "layer/kernel", "mean")
    assert np.isnan(updates[0])
    assert updates[1:] == ([4, 8] if before_the_update else [5, 9])


def test_every_one_gives_an_update_in_each_record_but_the_first(tmp_path, read_run):
    variable = tf.Variable([0.0], name="w")
    with gradhealth.Recorder(tmp_path, every=1) as recorder:
        for number in range(4):
            variable.assign_add([number + 1.0])
            recorder.observe([(tf.constant([1.0]), variable)])
            recorder.write(number)
    assert read_run(tmp_path).values("update", "w", "rms")[1:] == [2, 3, 4]


def test_a_changed_set_of_tensors_starts_a_new_table_in_the_same_function(tmp_path, read_run):
    first, second = tf.Variable([1.0], name="first/kernel"), tf.Variable([1.0], name="second/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=2)

    @tf.function
    def step(gradient, frozen):
        variables = [second] if frozen else [first, second]
        recorder.observe([(gradient, variable) for variable in variables])

    for number in range(12):
        step(tf.constant([number + 1.0]), frozen=number < 6)
        recorder.write(number)
    recorder.close()
    run = read_run(tmp_path)
    assert run.steps == [0, 2, 4, 6, 8, 10]
    assert run.table_events == 2
    assert [len(record.table.rows) for record in run.records] == [3, 3, 3, 6, 6, 6]
    assert run.values("gradient", "second/kernel", "rms") == [1, 3, 5, 7, 9, 11]


def record_relu(log_dir, as_step, batches):
    """Record what a ReLU makes of some batches, one a step."""
    model = tf.keras.Sequential([tf.keras.Input(batches[0].shape[1:]), tf.keras.layers.ReLU(name="relu")])
    with gradhealth.Recorder(log_dir) as recorder:

        def step(batch):
            with gradhealth.capture(model) as activations:
                model(batch)
            recorder.observe([], activations=activations)

        step = as_step(step)
        for number, batch in enumerate(batches):
            step(tf.constant(batch))
            recorder.write(number)


def test_dead_units_are_those_a_recount_finds(tmp_path, as_step, read_run, random):
    batches = random.normal(size=(21, 16, 5, 5, 8)).astype(np.float32)
    batches[..., 2] = -1  # never on
    batches[..., 5] = -1
    batches[7, 3, 4, 4, 5] = 1  # on once, in one place
    batches[11:, ..., 0] = -1  # off in the second window only
    batches = np.maximum(batches, 0)
    record_relu(tmp_path, as_step, batches)
    run = read_run(tmp_path)
    dead = run.values("activation", "relu", "dead_fraction")
    windows = run.values("activation", "relu", "window")
    recount = [
        np.mean((batches[begin:end] == 0).all(axis=(0, 1, 2, 3))) for begin, end in ((0, 11), (11, 21))
    ]
    assert np.isnan(dead[0])
    assert np.isnan(windows[0])
    np.testing.assert_allclose(dead[1:], recount)
    assert dead[1:] == [1 / 8, 3 / 8]
    assert windows[1:] == [11, 10]


def test_a_dead_unit_is_looked_for_again_where_the_first_samples_do_not_show_it(tmp_path, as_step, read_run):
    early = np.zeros([2, 64, 64, 4], np.float32)
    early[:, 0, 0, 2:] = 1  # units 0 and 1 are never on
    late = early.copy()
    late[1, 0, 0, 1] = 1  # on in the second sample, and one sample fills what each step looks at
    record_relu(tmp_path, as_step, [early] * 11 + [late] * 80)
    dead = read_run(tmp_path).values("activation", "relu", "dead_fraction")
    assert np.isnan(dead[0])
    assert dead[1:] == [0.5] * 8 + [0.25]


def test_flushes_at_once_when_something_is_not_finite(tmp_path, read_run):
    variable = tf.Variable([1.0], name="w")
    recorder = gradhealth.Recorder(tmp_path, every=1)
    for number, value in enumerate([1.0, float("nan")]):
        recorder.observe([(tf.constant([value]), variable)])
        recorder.write(number)
    assert read_run(tmp_path).steps == [0, 1]
    recorder.close()


def test_an_unwritable_directory_is_told_once_and_the_loop_goes_on(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="cannot write to .*training goes on") as told:
        run_loop(tmp_path / "file", lambda step: step, np.ones([25, 2, 2]))
    assert len(told) == 1


def test_record_if_holds_for_the_recorder_too(tmp_path, read_run):
    with tf.summary.record_if(False):
        run_loop(tmp_path, lambda step: step, np.ones([12, 2, 2]))
    assert read_run(tmp_path).records == []


def test_settings_tell_what_the_rules_cannot_see(tmp_path, read_run):
    optimizer = tf.keras.optimizers.Adam(0.25, epsilon=1e-6, clipnorm=2.0)
    run_loop(tmp_path, lambda step: step, np.ones([1, 2, 2]), every=5, optimizer=optimizer, name="generator")
    table = read_run(tmp_path).records[0].table
    assert table.stream == "generator"
    assert table.settings == {
        "framework": "tensorflow",
        "every": 5,
        "optimizer": "Adam",
        "loss_scale": False,
        "learning_rate": 0.25,
        "epsilon": 1e-6,
        "clipnorm": 2.0,
    }


def test_the_scalars_that_hparams_sorts_by_count_the_findings(tmp_path, read_run):
    gradients = np.ones([12, 2, 2])
    gradients[4] = np.nan
    recorder = run_loop(tmp_path, lambda step: step, gradients)
    run = read_run(tmp_path)
    last = {tag: value for tag, _, value in run.scalars}
    severities = [finding.severity for finding in recorder.findings()]
    assert last == {
        "gradhealth/critical": severities.count("critical"),
        "gradhealth/warnings": severities.count("warning"),
    }
    assert last["gradhealth/critical"] >= 1


@pytest.mark.parametrize("every", [0, -1, 2.5, True, "10"])
def test_a_senseless_cadence_is_refused(tmp_path, every):
    with pytest.raises(ValueError, match=re.escape(f"every={every!r}")):
        gradhealth.Recorder(tmp_path, every=every)


def test_write_inside_a_function_says_where_it_belongs(tmp_path):
    recorder = gradhealth.Recorder(tmp_path)
    with pytest.raises(RuntimeError, match="after the step, outside the function"):
        tf.function(lambda: recorder.write(0))()
