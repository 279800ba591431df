"""The guard of `summary`: what it reports and stops, in eager and traced loops."""

import gc

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.tensorflow import summary_guard

pytestmark = pytest.mark.training

BAD_FROM = 50


@pytest.fixture
def writer(tmp_path):
    return tf.summary.create_file_writer(str(tmp_path / "run"))


def training(writer, as_step, bad=range(BAD_FROM, 10**9), **arguments):
    """A training step of a linear model, called with its number; its loss is NaN in the bad steps."""
    generator = np.random.default_rng(0)
    x = tf.constant(generator.normal(size=(16, 4)), tf.float32)
    y = tf.reduce_sum(x, 1, keepdims=True)
    weight = tf.Variable(tf.zeros([4, 1]), name="dense/kernel")
    taken = []

    @as_step
    def step(number, factor):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ weight - y) ** 2) * factor
        gradient = tape.gradient(loss, weight)
        with writer.as_default():
            gradhealth.summary([(gradient, weight)], loss=loss, step=number, **arguments)
        weight.assign_sub(tf.where(tf.math.is_finite(gradient), 0.1 * gradient, 0.0))

    def train(number):
        step(tf.constant(number, tf.int64), tf.constant(np.nan if number in bad else 1.0, tf.float32))
        taken.append(number)

    train.taken = taken
    return train


def eager(step):
    return step


def loop(train, writer=None, steps=200):
    """Train, and ask after each step where there is a writer."""
    for number in range(steps):
        train(number)
        if writer is not None:
            gradhealth.raise_if_unhealthy(writer)


def test_an_eager_summary_raises_once_after_the_patience(writer, tmp_path):
    train = training(writer, eager, stop_on="critical")
    with pytest.raises(gradhealth.TrainingUnhealthy, match="the training is stopped") as raised:
        loop(train)
    assert raised.value.finding.symptom == "non-finite"
    last = train.taken[-1]
    assert BAD_FROM + 20 <= last <= BAD_FROM + 45  # three more records, ten steps apart
    for number in range(last + 2, last + 30):
        train(number)
    writer.flush()
    findings = gradhealth.load(tmp_path)["run"].findings
    assert raised.value.finding.id in {finding.id for finding in findings}


def test_a_traced_loop_is_stopped_between_two_steps(writer, tmp_path):
    train = training(writer, tf.function, stop_on="critical")
    with pytest.raises(gradhealth.TrainingUnhealthy) as raised:
        loop(train, writer)
    assert raised.value.finding.symptom == "non-finite"
    last = train.taken[-1]  # the step itself is complete
    assert BAD_FROM + 20 <= last <= BAD_FROM + 45
    gradhealth.raise_if_unhealthy(writer)
    writer.flush()
    run = gradhealth.load(tmp_path)["run"]
    assert run.statistics("gradient", ["rms"]).steps[-1] == last
    assert raised.value.finding.id in {finding.id for finding in run.findings}


@pytest.mark.parametrize("as_step", [eager, tf.function])
def test_without_patience_it_stops_at_the_first_bad_record(writer, as_step):
    train = training(writer, as_step, stop_on="warning", stop_patience=0)
    with pytest.raises(gradhealth.TrainingUnhealthy):
        loop(train, writer)
    assert BAD_FROM - 1 <= train.taken[-1] <= BAD_FROM + 1


@pytest.mark.parametrize("as_step", [eager, tf.function])
def test_a_single_bad_step_stops_nothing_and_is_reported(writer, as_step, tmp_path):
    reported = []
    train = training(writer, as_step, bad=[BAD_FROM], stop_on="critical", on_finding=reported.append)
    loop(train, writer, steps=150)
    assert train.taken[-1] == 149
    assert any(finding.symptom == "non-finite" for finding in reported)
    assert len({(finding.id, finding.severity) for finding in reported}) == len(reported)
    writer.flush()
    read = {finding.id for finding in gradhealth.load(tmp_path)["run"].findings}
    assert {finding.id for finding in reported} <= read


def test_an_eager_loop_may_make_a_new_function_in_each_step(writer):
    reported = []
    variable = tf.Variable([1.0], name="layer/kernel")
    with writer.as_default():
        for number in range(30):
            gradhealth.summary(
                [(tf.constant([np.nan if number > 9 else 1.0]), variable)],
                step=number,
                on_finding=lambda finding, number=number: reported.append((number, finding.id)),
            )
    assert reported
    assert len({identity for _, identity in reported}) == len(reported)


def test_an_exception_in_the_users_function_is_a_warning_and_the_training_goes_on(writer):
    def fails(finding):
        raise OSError("the pager is down")

    train = training(writer, eager, on_finding=fails)
    with pytest.warns(RuntimeWarning, match="pager is down"):
        loop(train, steps=100)
    assert train.taken[-1] == 99


@pytest.mark.parametrize("as_step", [eager, tf.function])
def test_records_that_are_not_written_are_not_judged(writer, as_step, tmp_path):
    reported = []
    train = training(writer, as_step, on_finding=reported.append)
    with tf.summary.record_if(False):
        loop(train, steps=100)
    assert reported == []


def test_a_guard_changes_no_record(tmp_path):
    written = []
    for name, arguments in (("plain", {}), ("guarded", {"stop_on": "critical", "on_finding": str})):
        writer = tf.summary.create_file_writer(str(tmp_path / name))
        train = training(writer, tf.function, **arguments)
        loop(train, steps=100)
        writer.close()
        written.append(gradhealth.load(tmp_path)[name].statistics("gradient", ["rms", "bad_steps"]))
    for column in ("rms", "bad_steps"):
        np.testing.assert_array_equal(written[0][column], written[1][column])


def test_a_run_has_one_setting(writer):
    pairs = [(tf.constant([1.0]), tf.Variable([1.0], name="w"))]
    with writer.as_default():
        gradhealth.summary(pairs, step=0, stop_on="critical")
        with pytest.raises(ValueError, match=r"stop_on='warning'.*earlier.*stop_on='critical'"):
            gradhealth.summary(pairs, step=1, stop_on="warning")


@pytest.mark.parametrize("wrong", [{"stop_on": "info"}, {"stop_patience": -1}])
def test_wrong_values_are_refused_where_they_are_written(writer, wrong):
    with writer.as_default(), pytest.raises(ValueError, match=next(iter(wrong)).removeprefix("stop_")):
        gradhealth.summary([(tf.constant([1.0]), tf.Variable([1.0], name="w"))], step=0, **wrong)


def test_a_writer_without_a_guard_cannot_be_asked(writer):
    with pytest.raises(ValueError, match=r"no gradhealth\.summary\(\.\.\., stop_on=\.\.\.\) was called"):
        gradhealth.raise_if_unhealthy(writer)


def test_a_guard_is_released_with_its_writer(tmp_path):
    gc.collect()
    before = len(summary_guard._guards)
    writer = tf.summary.create_file_writer(str(tmp_path))
    training(writer, eager, stop_on="critical")(0)
    assert len(summary_guard._guards) == before + 1
    del writer
    gc.collect()
    assert len(summary_guard._guards) == before
