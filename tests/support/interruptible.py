"""Trainings that would go on for ever, to be ended from outside; they say how far they are in a file."""

import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import by_hand
import keras
import networks
import tensorflow as tf
from processes import PATIENCE, exit_code, start

import tb_gradhealth as gradhealth


def _endless() -> Iterator[tuple]:
    parts = networks.batches()
    for number in count():
        yield parts[number % len(parts)]


def _say(said: Path, step: int) -> None:
    """At once: whoever reads it, or ends us, never meets half of it."""
    new = said.with_suffix(".new")
    new.write_text(str(step))
    new.replace(said)


def fit(log_dir: Path | None, said: Path) -> None:
    """`model.fit`, with our callback where there is a log directory."""

    class Say(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            _say(said, batch)

    model = networks.classifier()
    model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
    ours = [gradhealth.KerasCallback(log_dir)] if log_dir else []
    model.fit(_endless(), steps_per_epoch=10**9, verbose=0, callbacks=[*ours, Say()])


def loop(log_dir: Path | None, said: Path) -> None:
    """A hand-written loop, with a recorder where there is a log directory."""
    model, recorder = networks.classifier(), gradhealth.Recorder(log_dir) if log_dir else None

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        for gradient, variable in zip(grads, model.trainable_variables, strict=True):
            variable.assign_sub(0.01 * gradient)
        if recorder:
            recorder.observe(zip(grads, model.trainable_variables, strict=True), loss=loss)

    def train():
        for number, (x, y) in enumerate(_endless()):
            step(tf.constant(x), tf.constant(y))
            if recorder:
                recorder.write(number)
            _say(said, number)

    if recorder is None:
        train()
    else:
        with recorder:
            train()


TRAININGS = [fit, loop]


def interrupted(
    train: Callable[..., None],
    log_dir: Path | None,
    said: Path,
    number: int,
    ready: Callable[[], bool] = lambda: True,
) -> int | None:
    """Train in a process of its own for 25 steps and until all is ready, then send it a signal.

    Args:
        train: one of `TRAININGS`.
        log_dir: None for a training without us.
        said: the file in which the training says how many steps are over.
        number: the signal's.
        ready: what else is waited for.

    Returns:
        The exit status.
    """
    process = start(train, log_dir, said)
    end = time.monotonic() + PATIENCE
    while not (said.exists() and int(said.read_text()) >= 25 and ready()):
        assert time.monotonic() < end
        assert process.is_alive()
        time.sleep(0.02)
    # Again and again, as a person would: Python loses an interrupt that meets it in a destructor, and a plain
    # training with Keras was seen to go on for ever after one.
    end = time.monotonic() + PATIENCE
    while process.is_alive() and time.monotonic() < end:
        os.kill(process.pid, number)
        process.join(10)
    return exit_code(process)
