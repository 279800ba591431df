"""Endless trainings that are ended by a signal; they report their progress in a file."""

import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import by_hand
import keras
import networks
import tensorflow as tf
from processes import TIMEOUT, exit_code, start

import tb_gradhealth as gradhealth


def _endless() -> Iterator[tuple]:
    parts = networks.batches()
    for number in count():
        yield parts[number % len(parts)]


def _report(progress: Path, step: int) -> None:
    """Replace the file atomically."""
    new = progress.with_suffix(".new")
    new.write_text(str(step))
    new.replace(progress)


def fit(log_dir: Path | None, progress: Path) -> None:
    """`model.fit`, with the callback if there is a log directory."""

    class Say(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            _report(progress, batch)

    model = networks.classifier()
    model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
    ours = [gradhealth.KerasCallback(log_dir)] if log_dir else []
    model.fit(_endless(), steps_per_epoch=10**9, verbose=0, callbacks=[*ours, Say()])


def loop(log_dir: Path | None, progress: Path) -> None:
    """A custom loop, with a recorder if there is a log directory."""
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
            _report(progress, number)

    if recorder is None:
        train()
    else:
        with recorder:
            train()


TRAININGS = [fit, loop]


def interrupted(
    train: Callable[..., None],
    log_dir: Path | None,
    progress: Path,
    number: int,
    ready: Callable[[], bool] = lambda: True,
) -> int | None:
    """Train in a process until step 25 and until ``ready``, then send it a signal.

    Args:
        train: one of `TRAININGS`.
        log_dir: None for a training without Grad Health.
        progress: the file with the number of finished steps.
        number: of the signal.
        ready: a further condition before the signal.

    Returns:
        The exit status.
    """
    process = start(train, log_dir, progress)
    end = time.monotonic() + TIMEOUT
    while not (progress.exists() and int(progress.read_text()) >= 25 and ready()):
        assert time.monotonic() < end
        assert process.is_alive()
        time.sleep(0.02)
    # Repeatedly: Python loses an interrupt within a destructor, and a plain Keras training then never ended.
    end = time.monotonic() + TIMEOUT
    while process.is_alive() and time.monotonic() < end:
        os.kill(process.pid, number)
        process.join(10)
    return exit_code(process)
