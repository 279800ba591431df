"""The guard: what it reports and stops, in real trainings."""

import copy
import math
import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.guard import Guard
from tb_gradhealth.health import Finding

pytestmark = pytest.mark.training

FINDING = Finding(
    id="0123456789",
    symptom="non-finite",
    severity="critical",
    kind="loss",
    tensor="loss",
    layer="loss",
    state="open",
    opened_step=10,
    last_step=10,
    peak_step=10,
    resolved_step=None,
    count=1,
    value=1.0,
    threshold=0.0,
    origin=True,
    message="the loss is NaN",
)


class Spoils(keras.callbacks.Callback):
    """Sets a weight to NaN, or back to what it was, before a batch."""

    def __init__(self, from_batch, to_batch=math.inf):
        super().__init__()
        self.batches = range(from_batch, from_batch + 1) if to_batch == math.inf else (from_batch, to_batch)
        self.kept = None
        self.seen = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.seen = batch
        if batch == self.batches[0]:
            self.kept = self.model.get_weights()
            self.model.set_weights([np.full_like(each, np.nan) for each in self.kept])
        elif batch in self.batches[1:]:
            self.model.set_weights(self.kept)


def model():
    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    return network


def data(batches=200):
    random = np.random.default_rng(0)
    x = random.normal(size=(8 * batches, 8)).astype("f")
    return x, x[:, :1]


def fit(callback, *others, batches=200):
    network = model()
    network.fit(*data(batches), batch_size=8, verbose=0, callbacks=[*others, callback])
    return network


def test_a_training_that_stays_nan_is_stopped_after_the_patience(tmp_path):
    spoils = Spoils(50)
    callback = gradhealth.KerasCallback(tmp_path, stop_on="critical")
    with pytest.warns(RuntimeWarning, match="stops the training: .*no checkpoint is older"):
        fit(callback, spoils)
    # Patience is three more records, of ten steps each, and each is judged in the step after it.
    assert 80 <= spoils.seen <= 95
    assert callback.stopped_by.symptom == "non-finite"
    assert callback.stopped_by.severity == "critical"


def test_without_patience_it_stops_at_the_first_record(tmp_path):
    spoils = Spoils(50)
    callback = gradhealth.KerasCallback(tmp_path, stop_on="warning", stop_patience=0)
    with pytest.warns(RuntimeWarning, match="stops the training"):
        fit(callback, spoils)
    assert 50 <= spoils.seen <= 62


def test_a_single_step_that_is_not_finite_stops_nothing(tmp_path):
    spoils = Spoils(50, 51)
    callback = gradhealth.KerasCallback(tmp_path, stop_on="critical")
    fit(callback, spoils)
    assert spoils.seen == 199
    assert callback.stopped_by is None
    assert any(finding.symptom == "non-finite" for finding in callback.findings())


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras and h5py
def test_the_warning_names_the_last_checkpoint_before_the_finding(tmp_path):
    saves = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "at-{batch:03d}.weights.h5"), save_weights_only=True, save_freq=15
    )
    callback = gradhealth.KerasCallback(tmp_path / "logs", stop_on="critical")
    with pytest.warns(RuntimeWarning, match=r"before it: .*at-045\.weights\.h5"):
        fit(callback, saves, Spoils(55))


def test_each_finding_is_reported_once_while_the_training_runs(tmp_path):
    reported = []
    spoils = Spoils(50)
    callback = gradhealth.KerasCallback(
        tmp_path, on_finding=lambda finding: reported.append((finding.id, finding.severity, spoils.seen))
    )
    fit(callback, spoils)
    assert reported
    assert len({(identity, severity) for identity, severity, _ in reported}) == len(reported)
    assert reported[0][2] <= 62
    assert callback.stopped_by is None


def test_an_exception_in_the_users_function_is_a_warning(tmp_path):
    def fails(finding):
        raise OSError("the pager is down")

    spoils = Spoils(50)
    with pytest.warns(RuntimeWarning, match="pager is down"):
        fit(gradhealth.KerasCallback(tmp_path, on_finding=fails), spoils)
    assert spoils.seen == 199


def test_a_loop_gets_an_exception_once_and_the_log_is_complete(tmp_path):
    network = model()
    optimizer = keras.optimizers.SGD()
    x, y = data(1)
    steps = []

    def train(recorder, step):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((network(x, training=True) - y) ** 2) * (np.nan if step >= 20 else 1.0)
        variables = network.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        recorder.observe(zip(gradients, variables, strict=True), loss=loss)
        steps.append(step)
        recorder.write(step)

    def run():
        with gradhealth.Recorder(tmp_path / "run", stop_on="critical") as recorder:
            for step in range(200):
                train(recorder, step)

    with pytest.raises(gradhealth.TrainingUnhealthy, match="stopped") as raised:
        run()
    assert raised.value.finding.symptom == "non-finite"
    assert 45 <= steps[-1] <= 75
    findings = gradhealth.load(tmp_path)["run"].findings
    assert "non-finite" in {finding.symptom for finding in findings}


def test_a_loop_that_goes_on_after_the_exception_is_not_stopped_again(tmp_path):
    guard = Guard(stop_on="critical", patience=0)
    guard.check([FINDING])
    assert guard.stopped_by is FINDING


@pytest.mark.parametrize(("stop_on", "stops"), [("critical", False), ("warning", True)])
def test_the_severity_decides(stop_on, stops):
    guard = Guard(stop_on=stop_on, patience=1)
    for count in (1, 2):
        guard.check([replace(FINDING, severity="warning", count=count)])
    assert (guard.stopped_by is not None) is stops


def test_muted_resolved_and_interrupted_findings_stop_nothing():
    guard = Guard(stop_on="warning", patience=2)
    for count in (1, 2, 3):
        guard.check([replace(FINDING, muted="known", count=count)])
        guard.check([replace(FINDING, state="resolved", count=count)])
        guard.check([replace(FINDING, count=count)] if count != 2 else [])
    assert guard.stopped_by is None


@pytest.mark.parametrize(
    "wrong", [{"stop_on": "info"}, {"stop_on": True}, {"stop_patience": -1}, {"stop_patience": 1.5}]
)
def test_wrong_values_are_refused_where_they_are_written(tmp_path, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)).removeprefix("stop_")):
        gradhealth.KerasCallback(tmp_path, **wrong)


def test_a_copy_keeps_the_settings_and_not_the_finding(tmp_path):
    callback = gradhealth.KerasCallback(tmp_path, stop_on="critical", stop_patience=0)
    with pytest.warns(RuntimeWarning, match="stops the training"):
        fit(callback, Spoils(20))
    copied = copy.deepcopy(callback)
    assert copied.stopped_by is None
    with pytest.warns(RuntimeWarning, match="stops the training"):
        fit(copied, Spoils(20))


def test_a_guard_changes_no_number(tmp_path):
    with warnings.catch_warnings():
        plain = fit(keras.callbacks.Callback(), batches=60).get_weights()
        guarded = fit(
            gradhealth.KerasCallback(tmp_path, stop_on="warning", on_finding=print), batches=60
        ).get_weights()
    for one, other in zip(plain, guarded, strict=True):
        np.testing.assert_array_equal(one, other)
