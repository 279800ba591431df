"""Trainings that are ended by a signal or an exception leave a log that can be read."""

import gc
import os
import signal
import time

import by_hand
import interruptible
import keras
import networks
import pytest
import tensorflow as tf
from by_hand import cross_entropy
from processes import PATIENCE, exit_code, start
from recorded import Recorded

import tb_gradhealth as gradhealth


def interrupted(way, log_dir, said, number, ready=lambda: True):
    """Train for 25 steps and until all is ready, then send the signal; the exit status."""
    process = start(interruptible.TRAININGS[way], log_dir, said)
    end = time.monotonic() + PATIENCE
    while not (said.exists() and int(said.read_text() or 0) >= 25 and ready()):
        assert time.monotonic() < end
        assert process.is_alive()
        time.sleep(0.02)
    os.kill(process.pid, number)
    return exit_code(process)


@pytest.mark.parametrize("way", interruptible.TRAININGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_training_as_without_us_and_leaves_a_log(tmp_path, log_dir, way, number):
    alone = interrupted(way, None, tmp_path / "alone", number)
    assert alone != 0
    assert interrupted(way, log_dir, tmp_path / "ours", number) == alone
    assert Recorded(log_dir).steps[:3] == [0, 10, 20]


@pytest.mark.parametrize("way", interruptible.TRAININGS)
def test_records_are_flushed_as_they_come_and_survive_a_kill(tmp_path, log_dir, way):
    def three_records():
        return any(log_dir.rglob("*tfevents*")) and len(Recorded(log_dir).records) >= 3

    status = interrupted(way, log_dir, tmp_path / "ours", signal.SIGKILL, three_records)
    assert status == -signal.SIGKILL
    assert Recorded(log_dir).steps[:3] == [0, 10, 20]


class Failing(keras.callbacks.Callback):
    """A callback of the user's with a fault, after the sixth step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 5:
            raise OSError("planted")


def failing_data(parts):
    """A generator of the user's with a fault, after the sixth batch."""
    yield from parts[:6]
    raise OSError("planted")


def in_a_callback(log_dir):
    model = networks.classifier()
    model.compile("sgd", cross_entropy, jit_compile=False)
    x, y = networks.joined(networks.batches())
    callbacks = [gradhealth.KerasCallback(log_dir, every=2), Failing()]
    model.fit(x, y, networks.BATCH, shuffle=False, verbose=0, callbacks=callbacks)


def in_the_data(log_dir):
    model = networks.classifier()
    model.compile("sgd", cross_entropy, jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir, every=2)
    data = failing_data(networks.batches())
    model.fit(data, steps_per_epoch=12, shuffle=False, verbose=0, callbacks=[callback])


class Faulty(keras.Sequential):
    """A model whose own step has a fault, after the sixth."""

    def train_step(self, batch):
        if self.optimizer.iterations == 6:
            raise OSError("planted")
        return super().train_step(batch)


def in_a_step_of_fit(log_dir):
    model = networks.classifier(cls=Faulty)
    model.compile("sgd", cross_entropy, run_eagerly=True)
    x, y = networks.joined(networks.batches())
    callback = gradhealth.KerasCallback(log_dir, every=2)
    model.fit(x, y, networks.BATCH, shuffle=False, verbose=0, callbacks=[callback])


def in_a_loop(log_dir):
    model = networks.classifier()
    with gradhealth.Recorder(log_dir, every=2) as recorder:
        for number, (x, y) in enumerate(failing_data(networks.batches())):
            with tf.GradientTape() as tape:
                loss = by_hand.class_loss(model, x, y)
            grads = tape.gradient(loss, model.trainable_variables)
            for gradient, variable in zip(grads, model.trainable_variables, strict=True):
                variable.assign_sub(0.01 * gradient)
            recorder.observe(zip(grads, model.trainable_variables, strict=True), loss=loss)
            recorder.write(number)


FAULTS = [in_a_callback, in_the_data, in_a_step_of_fit, in_a_loop]


@pytest.mark.parametrize("fail", FAULTS)
def test_an_exception_of_the_user_s_passes_through_and_leaves_a_log(log_dir, fail):
    with pytest.raises(Exception, match="planted"):
        fail(log_dir)
    gc.collect()  # a recorder nobody closed is closed with the model it belonged to
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 2, 4]
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), networks.batches(5))
    expected.hold_against(recorded, kinds="gradient weight loss")
