"""Assessments of small trainings with faults from real reports, read from the log as by `check`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import make_classification

import tb_gradhealth as gradhealth
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor

layers = keras.layers


def judged(log_dir):
    """The findings and the assessment of the only run."""
    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (run,) = snapshot.runs.values()
        return run.health.findings(), run.health.assessment()


class OwnLoss(keras.Model):
    """A custom training step that computes and returns its loss."""

    def __init__(self, spoiled_from=None):
        super().__init__()
        self.dense, self.spoiled_from = layers.Dense(1, name="dense"), spoiled_from

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        if self.spoiled_from is not None:
            loss = tf.where(self.optimizer.iterations > self.spoiled_from, float("nan"), loss)
        return {"loss": loss}


def own_loss(log_dir, **arguments):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(1280, 8)), generator.normal(size=(1280, 1))
    keras.utils.set_random_seed(0)
    model = OwnLoss(**arguments)
    model.compile(keras.optimizers.SGD(1e-5), jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir)
    model.fit(x.astype("f"), y.astype("f"), epochs=5, batch_size=32, verbose=0, callbacks=[callback])
    return judged(log_dir)


def test_returned_loss_of_a_custom_step_is_judged(log_dir):
    findings, assessment = own_loss(log_dir)
    assert "loss-stalled" in {each.symptom for each in findings if each.severity != "info"}
    assert "loss" not in assessment.reservation


def test_nan_in_a_returned_loss_is_found_at_its_step(log_dir):
    findings, assessment = own_loss(log_dir, spoiled_from=5)
    assert (assessment.verdict, assessment.named.symptom, assessment.named.tensor) == (
        "critical",
        "non-finite",
        "loss",
    )
    assert assessment.named.opened_step == 5
    assert {each.symptom for each in findings} == {"non-finite"}


class NoLoss(OwnLoss):
    """The same step without a returned loss."""

    def train_step(self, data):
        super().train_step(data)
        return {"mean": tf.reduce_mean(data[0])}


def test_missing_loss_is_in_the_assessment(log_dir):
    generator = np.random.default_rng(0)
    model = NoLoss()
    model.compile(keras.optimizers.SGD(1e-5), jit_compile=False)
    x = generator.normal(size=(640, 8)).astype("f")
    callback = gradhealth.KerasCallback(log_dir, every=1)
    model.fit(x, x[:, :1], batch_size=32, verbose=0, callbacks=[callback])
    _, assessment = judged(log_dir)
    assert "no loss recorded, 4 symptoms not judged" in assessment.verdict_text


def test_loss_of_exactly_zero_is_named(log_dir):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((10,)), layers.Dense(8, "relu"), layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.SGD(0.01), "categorical_crossentropy", jit_compile=False)
    x = np.random.default_rng(0).random((1280, 10))
    callback = gradhealth.KerasCallback(log_dir)
    model.fit(x, np.zeros((1280, 4)), batch_size=8, verbose=0, callbacks=[callback])
    findings, _ = judged(log_dir)
    (stalled,) = [each for each in findings if each.symptom == "loss-stalled"]
    assert stalled.message.startswith("The loss is exactly 0 since step 0")


def test_class_weights_of_1_to_50_with_improving_epochs_are_no_warning(log_dir):
    keras.utils.set_random_seed(1)
    x, y = make_classification(3200, 20, n_informative=10, weights=[0.98], random_state=0)
    model = keras.Sequential([keras.Input((20,)), layers.Dense(32, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    history = model.fit(
        x,
        y,
        epochs=12,
        class_weight={0: 1.0, 1: 50.0},
        verbose=0,
        callbacks=[gradhealth.KerasCallback(log_dir)],
    ).history["loss"]
    findings, assessment = judged(log_dir)
    assert history[-1] < 0.8 * history[0]
    assert assessment.verdict == "healthy", [each.message for each in findings]


def test_nan_input_is_the_origin_of_its_incident(log_dir):
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    x = np.random.default_rng(0).normal(size=(640, 8)).astype("f")
    x[32 * 7, 3] = np.nan
    callback = gradhealth.KerasCallback(log_dir)
    model.fit(x, x[:, :1], batch_size=32, shuffle=False, verbose=0, callbacks=[callback])
    findings, assessment = judged(log_dir)
    assert (assessment.named.kind, assessment.named.tensor, assessment.named.opened_step) == (
        "input",
        "input",
        7,
    )
    assert {each.follows for each in findings if each.symptom == "non-finite"} == {None, assessment.named.id}


@pytest.mark.parametrize(("scale", "found"), [(1.0, False), (255.0, True)])
def test_unscaled_inputs_are_found(log_dir, scale, found):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=False)
    x = np.random.default_rng(0).normal(size=(1600, 8)).astype("f")
    callback = gradhealth.KerasCallback(log_dir)
    model.fit(scale * x, x[:, :1], batch_size=32, epochs=6, verbose=0, callbacks=[callback])
    findings, _ = judged(log_dir)
    assert ("input-scale" in {each.symptom for each in findings}) == found
