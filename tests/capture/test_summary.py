"""`summary()` in a custom loop, with the user's own writer."""

import gc
import importlib

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth

summary_module = importlib.import_module("tb_gradhealth.capture.tensorflow.summary")


@pytest.fixture(params=["eager", "function"])
def as_step(request):
    return (lambda step: step) if request.param == "eager" else tf.function


def loop(as_step, writer, steps=25, **arguments):
    variable = tf.Variable(tf.ones([3]), name="layer/kernel")

    def step(number, gradient):
        with writer.as_default():
            gradhealth.summary([(gradient, variable)], loss=tf.reduce_sum(gradient), step=number, **arguments)
        variable.assign_add(gradient)

    step = as_step(step)
    for number in range(steps):
        gradient = np.full([3], number + 1.0)
        gradient[0] = np.nan if number == 14 else gradient[0]
        step(tf.constant(number, tf.int64), tf.constant(gradient, tf.float32))
    writer.flush()


def test_written_records_can_be_read(tmp_path, as_step, read_run):
    loop(as_step, tf.summary.create_file_writer(str(tmp_path)))
    run = read_run(tmp_path)
    # At step 14 the gradient is NaN, after it the weight too: both trip a record.
    assert run.steps == [0, 10, 14, 15, 20]
    assert run.table_events == 1
    assert run.values("gradient", "layer/kernel", "rms") == [1, 11, 15, 16, 21]
    assert run.values("loss", "loss", "mean")[:2] == [3, 33]
    assert run.values("update", "layer/kernel", "mean")[1] == 10
    assert run.values("gradient", "layer/kernel", "bad_steps") == [0, 0, 1, 0, 0]
    assert run.values("gradient", "layer/kernel", "nan_count") == [0, 0, 1, 0, 0]
    assert run.values("weight", "layer/kernel", "nan_count") == [0, 0, 0, 1, 1]
    steps = run.steps_written[0]
    assert steps.steps.tolist() == list(range(15))
    gradient = [(row.kind, row.tensor) for row in steps.table.rows].index(("gradient", "layer/kernel"))
    written = steps.values[:, list(steps.table.watched).index(gradient)]
    np.testing.assert_array_equal(written, [*range(1, 15), np.nan])


def test_every_1_writes_in_each_call(tmp_path, as_step, read_run):
    loop(as_step, tf.summary.create_file_writer(str(tmp_path)), steps=4, every=1)
    assert read_run(tmp_path).steps == [0, 1, 2, 3]


def test_retraced_function_continues_the_step_count(tmp_path, read_run):
    writer = tf.summary.create_file_writer(str(tmp_path))
    variable = tf.Variable([1.0], name="layer/kernel")

    @tf.function
    def step(batch, number):
        with writer.as_default():
            gradient = tf.reduce_sum(batch, keepdims=True)
            gradhealth.summary([(gradient, variable)], step=number, every=4)

    for number, size in enumerate([1, 2, 3, 3, 3, 2, 1, 1, 3]):
        step(tf.ones([size]), tf.constant(number, tf.int64))
    writer.flush()
    run = read_run(tmp_path)
    assert run.steps == [0, 4, 8]
    assert run.values("gradient", "layer/kernel", "rms") == [1, 3, 3]
    assert run.table_events == 1


def test_a_second_writer_gets_the_row_table_too(tmp_path, read_run):
    variable = tf.Variable([1.0], name="layer/kernel")
    for name in ("a", "b"):
        with tf.summary.create_file_writer(str(tmp_path / name)).as_default() as writer:
            gradhealth.summary([(tf.constant([1.0]), variable)], step=0, every=1)
            writer.flush()
        assert read_run(tmp_path / name).steps == [0]


def test_record_if_is_honoured_and_facts_go_into_the_next_record(tmp_path, as_step, read_run):
    writer = tf.summary.create_file_writer(str(tmp_path))
    variable = tf.Variable([1.0], name="layer/kernel")
    wanted = tf.Variable(True)

    def step(number, gradient):
        with writer.as_default(), tf.summary.record_if(lambda: wanted.read_value()):
            gradhealth.summary([(gradient, variable)], step=number, every=2)

    step = as_step(step)
    for number in range(7):
        wanted.assign(number not in (2, 4, 5))
        step(tf.constant(number, tf.int64), tf.constant([float("inf") if number == 4 else 1.0]))
    writer.flush()
    run = read_run(tmp_path)
    assert run.steps == [0, 6]
    assert 6 - run.values("gradient", "layer/kernel", "bad_ago")[1] == 4


def test_step_may_be_set_by_tf_summary(tmp_path, read_run):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=7):
        gradhealth.summary([(tf.constant([1.0]), tf.Variable([1.0], name="w"))])
    writer.flush()
    assert read_run(tmp_path).steps == [7]


def test_missing_step_raises(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(), pytest.raises(ValueError, match=r"step=step.*set_step"):
        gradhealth.summary([(tf.constant([1.0]), tf.Variable([1.0], name="w"))])


def test_missing_writer_warns_once(monkeypatch):
    monkeypatch.setattr(summary_module, "_warned", set())
    pairs = [(tf.constant([1.0]), tf.Variable([1.0], name="w"))]
    with pytest.warns(RuntimeWarning, match="with writer.as_default") as caught:
        [gradhealth.summary(pairs, step=step) for step in range(2)]
    assert len(caught) == 1


def test_compiled_step_raises_with_the_code_to_write(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    variable = tf.Variable([1.0], name="w")

    @tf.function(jit_compile=True)
    def step():
        gradhealth.summary([(tf.constant([1.0]), variable)], step=0)

    with writer.as_default(), pytest.raises(RuntimeError, match="jit_compile") as raised:
        step()
    assert "recorder.observe(zip(grads, variables), activations=activations, loss=loss)" in str(raised.value)
    assert "recorder.write(step)" in str(raised.value)


def test_function_inside_a_compiled_step_raises():
    variable = tf.Variable([1.0], name="w")
    inner = tf.function(lambda: gradhealth.summary([(tf.constant([1.0]), variable)], step=0))
    with pytest.raises(RuntimeError, match=r"gradhealth\.Recorder"):
        tf.function(lambda: inner(), jit_compile=True)()


def test_hidden_state_is_released_with_its_variables(tmp_path):
    gc.collect()
    before = len(summary_module._states)
    loop(lambda step: step, tf.summary.create_file_writer(str(tmp_path)), steps=2)
    gc.collect()
    assert len(summary_module._states) == before
