"""A run of any length stays within its size budget; its records lie further apart."""

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.writing.size_budget import MEBIBYTE, SizeBudget


@pytest.mark.parametrize(
    ("share", "stride"), [(0, 1), (0.5, 1), (0.51, 2), (0.75, 2), (0.76, 4), (0.9, 8), (0.99, 64)]
)
def test_the_stride_doubles_each_time_half_of_what_is_left_is_used(share, stride):
    assert SizeBudget(3).stride(int(share * 3 * MEBIBYTE)) == stride


def test_an_exhausted_budget_still_gives_a_stride():
    assert SizeBudget(1).stride(2 * MEBIBYTE) > 1e9


@pytest.mark.parametrize("budget", [0, -1, float("nan")])
def test_invalid_budget_raises(tmp_path, budget):
    with pytest.raises(ValueError, match="budget"):
        gradhealth.Recorder(tmp_path, budget=budget)


def test_long_training_stays_within_its_budget(tmp_path, read_run, random):
    variable = tf.Variable(tf.ones([4]), name="layer/kernel")
    kibibytes = 24
    with gradhealth.Recorder(tmp_path, every=1, budget=kibibytes / 1024) as recorder:
        step = tf.function(lambda gradient: recorder.observe([(gradient, variable)]))
        for number in range(600):
            gradient = random.normal(size=4)
            step(tf.constant(gradient * (3 if number == 587 else 1), tf.float32))
            recorder.write(number)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*tfevents*"))
    # At the end the flight recorder's steps and the two scalars are written in any case.
    at_the_end = 64 * 8 + 500
    assert size < kibibytes * 1024 + at_the_end
    run = read_run(tmp_path)
    steps = np.array(run.steps)
    assert steps[:20].tolist() == list(range(20))
    assert steps[-1] > 300
    gaps = np.diff(steps)
    assert set(gaps) <= {1, 2, 4, 8, 16, 32, 64, 128, 256}
    assert gaps.max() > 4
    assert (np.diff(gaps) >= 0).all()
    assert run.steps_written[-1].steps[-1] == 599
