"""A custom training step that computes its own loss: its returned loss is recorded, for each step."""

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth

BATCHES = networks.batches()
STEPS = [{}, {"jit_compile": True}, {"run_eagerly": True}, {"steps_per_execution": 4}]


class Own(keras.Sequential):
    """Squares its outputs without `compute_loss`; ``answer`` computes the return value of the step."""

    def __init__(self, answer):
        super().__init__([keras.Input((networks.FEATURES,)), keras.layers.Dense(3, name="out")])
        self.answer = answer
        self.mean = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.mean]

    def train_step(self, batch):
        x, _ = batch
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x, training=True)))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables, strict=True))
        return self.answer(self, loss)


def running_mean(model, loss):
    model.mean.update_state(loss)
    return {"loss": model.mean.result()}


def weighted_mean(model, loss):
    model.mean.update_state(loss, sample_weight=networks.BATCH)
    return {metric.name: metric.result() for metric in model.metrics}


def expected_losses():
    """The losses of the same training in a custom loop."""
    keras.utils.set_random_seed(4)
    model, optimizer, losses = Own(None), keras.optimizers.SGD(0.05), []
    for x, _ in BATCHES:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        losses.append(float(loss))
    return np.array(losses)


def recorded(log_dir, answer, every=1, **arguments):
    keras.utils.set_random_seed(4)
    model = Own(answer)
    model.compile(keras.optimizers.SGD(0.05), **{"jit_compile": False, **arguments})
    x, y = networks.joined(BATCHES)
    model.fit(
        x,
        y,
        networks.BATCH,
        shuffle=False,
        verbose=0,
        callbacks=[gradhealth.KerasCallback(log_dir, every=every)],
    )
    assert "update_state" not in vars(model.mean)
    assert "result" not in vars(model.mean)
    return Recorded(log_dir)


@pytest.mark.parametrize("arguments", STEPS, ids=str)
def test_the_loss_that_a_step_returns_is_recorded(log_dir, arguments):
    run = recorded(log_dir, lambda model, loss: {"loss": loss, "beta": 3.0}, **arguments)
    assert run.tensors("loss") == ["loss"]
    run.assert_number("loss", "loss", expected_losses())


@pytest.mark.parametrize("answer", [running_mean, weighted_mean])
@pytest.mark.parametrize("arguments", STEPS[:3], ids=str)
def test_loss_of_a_running_mean_is_the_value_of_this_step(log_dir, answer, arguments):
    run = recorded(log_dir, answer, **arguments)
    run.assert_number("loss", "loss", expected_losses())


def test_several_losses_keep_their_names(log_dir):
    run = recorded(
        log_dir, lambda model, loss: {"d_loss": loss, "g_loss": 2 * loss, "lossy": loss, "real_accuracy": 1.0}
    )
    assert run.tensors("loss") == ["d_loss", "g_loss"]
    run.assert_number("loss", "d_loss", expected_losses())
    run.assert_number("loss", "g_loss", 2 * expected_losses())


@pytest.mark.parametrize("name", ["loss", "total_loss", "Loss"])
def test_single_loss_is_named_loss(log_dir, name):
    run = recorded(log_dir, lambda model, loss: {name: loss, "accuracy": 0.5})
    run.assert_number("loss", "loss", expected_losses())


def test_main_loss_replaces_its_parts(log_dir):
    run = recorded(log_dir, lambda model, loss: {"kl_loss": 3 * loss, "loss": loss, "first_loss": -loss})
    assert run.tensors("loss") == ["loss"]
    run.assert_number("loss", "loss", expected_losses())


def test_step_without_a_returned_loss_has_no_loss_row(log_dir):
    assert recorded(log_dir, lambda model, loss: {"accuracy": 0.5}).tensors("loss") == []


def test_nan_loss_trips_at_its_step(log_dir):
    """The gradients stay finite; only the returned loss does not."""
    keras.utils.set_random_seed(4)
    model = Own(None)
    count = tf.Variable(0.0)
    model.answer = lambda _, loss: {"loss": tf.where(count.assign_add(1.0) > 5.0, np.nan, loss)}
    model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    x, y = networks.joined(BATCHES)
    model.fit(x, y, networks.BATCH, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir, every=10)])
    run = Recorded(log_dir)
    assert {step: value for step, value in run.column("loss", "loss", "nan_count").items() if value > 0} == {
        5: 1.0,
        10: 1.0,
    }


def test_result_of_compute_loss_takes_precedence(log_dir):
    class Both(keras.Sequential):
        def train_step(self, data):
            return {**super().train_step(data), "loss": tf.constant(-1.0)}

    keras.utils.set_random_seed(4)
    model = Both([keras.Input((networks.FEATURES,)), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    x, y = networks.joined(BATCHES)
    model.fit(x, y, networks.BATCH, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir, every=1)])
    assert min(Recorded(log_dir).column("loss", "loss", "mean").values()) > 0


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
def test_custom_loop_with_several_losses_by_name(log_dir, run):
    variable = tf.Variable([1.0, 2.0])

    @run
    def step(number):
        losses = {"d_loss": number, "g_loss": 10 * number}
        recorder.observe([(tf.ones([2]), variable)], loss=losses)

    with gradhealth.Recorder(log_dir, every=1) as recorder:
        for number in range(4):
            step(tf.constant(float(number)))
            recorder.write(number)
    recorded = Recorded(log_dir)
    recorded.assert_number("loss", "d_loss", [0, 1, 2, 3])
    recorded.assert_number("loss", "g_loss", [0, 10, 20, 30])
