"""Trainings that are ended by a signal or an exception leave a log that can be read."""

import gc
import signal
import time
from multiprocessing import get_context

import by_hand
import failing
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from interruptible import TRAININGS, interrupted
from recorded import Recorded

import tb_gradhealth as gradhealth


@pytest.mark.parametrize("train", TRAININGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_signal_ends_the_training_with_its_exit_status_and_a_log(tmp_path, log_dir, train, number):
    alone = interrupted(train, None, tmp_path / "alone", number)
    assert alone != 0
    assert interrupted(train, log_dir, tmp_path / "ours", number) == alone
    assert Recorded(log_dir).steps[:3] == [0, 10, 20]


@pytest.mark.parametrize("train", TRAININGS)
def test_flushed_records_survive_a_kill(tmp_path, log_dir, train):
    def three_records():
        return any(log_dir.rglob("*tfevents*")) and len(Recorded(log_dir).records) >= 3

    status = interrupted(train, log_dir, tmp_path / "ours", signal.SIGKILL, three_records)
    assert status == -signal.SIGKILL
    assert Recorded(log_dir).steps[:3] == [0, 10, 20]


@pytest.mark.parametrize("fail", failing.TRAININGS)
def test_user_exception_is_raised_and_leaves_a_log(log_dir, fail):
    with pytest.raises(Exception, match="planted"):
        fail(networks.classifier(), log_dir)
    gc.collect()  # an unclosed recorder is closed when its model is garbage-collected
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 2, 4]
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), networks.batches(5))
    expected.assert_matches(recorded, kinds="gradient weight loss")


def test_forked_process_ends_on_a_signal_and_writes_nothing(log_dir):
    variable = tf.Variable([1.0, 2.0], name="layer/kernel")
    with gradhealth.Recorder(log_dir) as recorder:
        recorder.observe([(tf.constant([1.0, np.nan]), variable)])
        recorder.write(0)
        recorder.observe([(tf.constant([1.0, np.nan]), variable)])
        before = [file.read_bytes() for file in log_dir.rglob("*tfevents*")]
        child = get_context("fork").Process(target=time.sleep, args=(60,))
        child.start()
        child.terminate()
        child.join(20)
        assert child.exitcode == -signal.SIGTERM
        assert [file.read_bytes() for file in log_dir.rglob("*tfevents*")] == before
        recorder.write(1)
    assert Recorded(log_dir).steps == [0, 1]
