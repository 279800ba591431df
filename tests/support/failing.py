"""Trainings that fail after the sixth step because of an error in the user's code."""

from itertools import count

import by_hand
import keras
import networks
import tensorflow as tf
from by_hand import cross_entropy

import tb_gradhealth as gradhealth

STEPS = 6


class Failing(keras.callbacks.Callback):
    """A callback that raises after the sixth step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == STEPS - 1:
            raise OSError("planted")


def sound_data():
    """A generator of twelve batches."""
    yield from networks.batches()


def failing_data():
    """A generator that raises after the sixth batch."""
    yield from networks.batches(STEPS)
    raise OSError("planted")


def failing_loss():
    """A loss that raises in the seventh step."""
    calls = count()

    def loss(y, predictions):
        if next(calls) == STEPS:
            raise OSError("planted")
        return cross_entropy(y, predictions)

    return loss


def _fit(model, log_dir, *callbacks, loss=cross_entropy, data=sound_data, **arguments):
    model.compile("sgd", loss, **{"jit_compile": False, **arguments})
    model.fit(
        data(),
        steps_per_epoch=12,
        shuffle=False,
        verbose=0,
        callbacks=[gradhealth.KerasCallback(log_dir, every=2), *callbacks],
    )


def in_a_callback(model, log_dir):
    _fit(model, log_dir, Failing())


def in_the_data(model, log_dir):
    _fit(model, log_dir, data=failing_data)


def in_a_step_of_fit(model, log_dir):
    _fit(model, log_dir, loss=failing_loss(), run_eagerly=True)


def in_a_loop(model, log_dir):
    with gradhealth.Recorder(log_dir, every=2) as recorder:
        for number, (x, y) in enumerate(failing_data()):
            with tf.GradientTape() as tape:
                loss = by_hand.class_loss(model, x, y)
            grads = tape.gradient(loss, model.trainable_variables)
            for gradient, variable in zip(grads, model.trainable_variables, strict=True):
                variable.assign_sub(0.01 * gradient)
            recorder.observe(zip(grads, model.trainable_variables, strict=True), loss=loss)
            recorder.write(number)


IN_FIT = [in_a_callback, in_the_data, in_a_step_of_fit]
TRAININGS = [*IN_FIT, in_a_loop]
