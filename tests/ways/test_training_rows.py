"""Rows of kind `training`: learning rate, loss scale, skipped steps."""

import by_hand
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth

STEPS = 12


def schedule():
    return keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=3, decay_rate=0.5)


def decayed(step):
    """The schedule's closed form."""
    return 0.5 * 0.5 ** (step / 3)


@pytest.mark.parametrize("execution", [{}, {"jit_compile": True}, {"steps_per_execution": 4}], ids=str)
def test_the_learning_rate_of_each_step_follows_the_schedule(fit, execution):
    recorded = fit(
        networks.classifier(), networks.batches(), keras.optimizers.SGD(schedule()), 4, **execution
    )
    recorded.assert_number("training", "learning_rate", [decayed(step) for step in range(STEPS)])
    assert recorded.tensors("training") == ["learning_rate", "constant_loss", "constant_accuracy"]


@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras 3.15 beside NumPy 2.4
def test_learning_rate_changed_by_a_callback(fit):
    change = keras.callbacks.LearningRateScheduler(lambda epoch, _: 0.1 / (epoch + 1))
    recorded = fit(networks.classifier(), networks.batches(4), "sgd", epochs=3, callbacks=[change])
    recorded.assert_number("training", "learning_rate", np.repeat([0.1, 0.05, 0.1 / 3], 4))


def test_recorder_takes_the_learning_rate_from_the_optimizer(log_dir):
    model, optimizer = networks.classifier(), keras.optimizers.SGD(schedule())
    optimizer.build(model.trainable_variables)
    recorder = gradhealth.Recorder(log_dir, every=2, optimizer=optimizer)

    @tf.function(jit_compile=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        recorder.observe(zip(grads, model.trainable_variables, strict=True), loss=loss)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))

    with recorder:
        for number, (x, y) in enumerate(networks.batches()):
            step(tf.constant(x), tf.constant(y))
            recorder.write(number)
    recorded = Recorded(log_dir)
    recorded.assert_number("training", "learning_rate", [decayed(step) for step in range(STEPS)])


class Scales(keras.callbacks.Callback):
    """Stores the loss scale before each step, and whether the step left the weights unchanged."""

    def __init__(self):
        super().__init__()
        self.scales, self.skipped = [], []

    def on_train_batch_begin(self, batch, logs=None):
        optimizer = self.model.optimizer
        self.scales.append(float(optimizer.dynamic_scale) if optimizer.built else optimizer.initial_scale)
        self._before = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        after = self.model.get_weights()
        same = all((a == b).all() for a, b in zip(self._before, after, strict=True))
        self.skipped.append(same)


def test_skipped_steps_are_counted_and_are_no_fault(fit):
    """The scale is too large for float16: steps are skipped and the scale is halved until gradients fit."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = networks.classifier()
    finally:
        keras.config.set_dtype_policy("float32")
    scales = Scales()
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=2.0**22)
    recorded = fit(model, networks.batches(), optimizer, callbacks=[scales])
    assert 2 < sum(scales.skipped) < STEPS - 2
    recorded.assert_number("training", "skipped_steps", np.cumsum(scales.skipped))
    recorded.assert_number("training", "loss_scale", scales.scales)
    recorded.assert_number("training", "learning_rate", [0.1] * STEPS)
    for name in recorded.tensors("gradient"):
        assert np.nansum(list(recorded.column("gradient", name, "bad_steps").values())) == 0
    for name in recorded.tensors("weight"):
        assert not np.nansum(list(recorded.column("weight", name, "bad_steps").values()))
