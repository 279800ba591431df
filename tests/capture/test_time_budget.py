"""The time budget: recording takes a limited share of the training's time, and the log states the pace."""

import itertools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.writing import time_budget
from tb_gradhealth.capture.writing.time_budget import (
    EVERY_STEP,
    MAX_INTERVAL,
    NEVER,
    Costs,
    Pace,
    TimeBudget,
    pace_within,
)
from tb_gradhealth.health import RunHealth

SHARES = (0.005, 0.02, 0.1)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("every", [1, 10, 100])
def test_pace_keeps_the_share_without_unnecessary_thinning(share, every):
    for step, watch, record in itertools.product(np.geomspace(5e-4, 0.5, 7), (0, 2e-5, 3e-4), (1e-4, 3e-3)):
        costs = Costs(step, watch, record)
        pace = pace_within(costs, share, every)
        assert costs.share(pace, every) <= share or MAX_INTERVAL in (pace.record, pace.watch)
        assert pace.watch <= every * pace.record
        if pace != EVERY_STEP:
            thinner = [Pace(max(pace.watch // 2, 1), pace.record), Pace(pace.watch, max(pace.record // 2, 1))]
            assert any(costs.share(each, every) > share for each in thinner if each != pace)


def simulate(budget, step, watch, record, noise, steps=6000, every=10):
    """Simulate steps of given durations; return the share that recording took, and the pace."""
    random = np.random.default_rng(0)
    pace, extra, plain = EVERY_STEP, [], []
    for number in range(steps):
        cadence = every * budget.pace.record
        due, before = number % cadence == 0, number % cadence == cadence - 1
        watched = due or before or number % pace.watch == 0
        extra.append(record if due else watch if watched else 0.0)
        plain.append(step * (1 + noise * random.standard_exponential()))
        pace = budget.add(plain[-1] + extra[-1], 1, due, before) or pace
    return sum(extra[-2000:]) / sum(plain[-2000:]), budget.pace


@pytest.mark.parametrize("milliseconds", [0.5, 1.3, 5, 50, 500])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_share_is_kept_for_steps_of_half_a_millisecond_to_half_a_second(milliseconds, noise):
    share, pace = simulate(TimeBudget(0.02, 10), milliseconds / 1000, 0.0003, 0.0025, noise)
    # Noise may hide a part of the cost.
    assert share <= (0.04 if noise else 0.03)
    assert (pace == EVERY_STEP) == (milliseconds >= 50)


def test_noise_alone_thins_nothing():
    for noise in (0.1, 0.5, 2.0):
        assert simulate(TimeBudget(0.02, 10), 0.05, 0.0, 0.0, noise)[1] == EVERY_STEP


def test_short_training_is_watched_in_every_step():
    assert (
        simulate(TimeBudget(0.02, 10), 0.001, 0.01, 0.1, 0.0, steps=time_budget.WARM_UP_STEPS - 1)[1]
        == EVERY_STEP
    )


def test_no_limit_thins_nothing():
    budget = TimeBudget(None, 10)
    assert simulate(budget, 0.001, 0.01, 0.1, 0.0)[1] == EVERY_STEP


@pytest.mark.parametrize("overhead", [0, -0.1, float("nan")])
def test_invalid_share_raises(tmp_path, overhead):
    with pytest.raises(ValueError, match=re.escape(f"overhead={overhead!r}")):
        gradhealth.Recorder(tmp_path, overhead=overhead)


@pytest.fixture
def measured_early(monkeypatch):
    """Measures the costs after the first steps, not after seconds."""
    monkeypatch.setattr(time_budget, "WARM_UP_STEPS", 20)
    monkeypatch.setattr(time_budget, "WARM_UP_SECONDS", 0.0)


def trained(log_dir, steps, overhead, faulty=(), depth=1, **compiled):
    """Train a model, with infinite losses in the batches ``faulty``; return the weights."""
    keras.utils.set_random_seed(0)
    names = ["first", *(f"layer_{number}" for number in range(1, depth))]
    layers = [*(keras.layers.Dense(8, "relu", name=name) for name in names), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(keras.optimizers.SGD(0.01), "mse", **compiled)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(steps, 16, 4)).astype("f"), random.normal(size=(steps, 16, 1)).astype("f")
    y[list(faulty)] = np.inf
    data = tf.data.Dataset.from_tensor_slices((x, y))
    callbacks = [] if log_dir is None else [gradhealth.KerasCallback(log_dir, overhead=overhead)]
    model.fit(data, verbose=0, shuffle=False, callbacks=callbacks)
    return model.get_weights()


@pytest.mark.parametrize("compiled", [{}, {"jit_compile": True}], ids=["plain", "xla"])
def test_records_of_a_tiny_network_are_made_less_often(tmp_path, measured_early, compiled):
    trained(tmp_path, 1600, 0.005, **compiled)
    recorded = Recorded(tmp_path)
    assert recorded.settings["every"] in [10 * 2**power for power in range(1, 7)]
    assert "watched_every" not in recorded.records[0].table.settings


@pytest.mark.parametrize("compiled", [{}, {"jit_compile": True}], ids=["plain", "xla"])
@pytest.mark.parametrize("watch", [0, 2e-5, 2e-4])
def test_thinning_is_in_the_row_table_and_the_assessment(
    tmp_path, measured_early, monkeypatch, compiled, watch
):
    # In a tiny network the cost of watching is less than the noise of a busy machine.
    costs = Costs(1e-3, watch, 3e-4)
    monkeypatch.setattr(TimeBudget, "costs", lambda budget: costs)
    trained(tmp_path, 1200, 0.02, **compiled)
    recorded = Recorded(tmp_path)
    settings = recorded.settings
    watched_every, cadence = settings["watched_every"], settings["every"]
    pace = pace_within(costs, 0.02, 10)
    assert (watched_every, cadence) == (pace.watch, 10 * pace.record)
    assert (watched_every > 1) == (watch > 0)
    assert "watched_every" not in recorded.records[0].table.settings
    by_table = {}
    for record in recorded.records:
        by_table.setdefault(record.table.id, []).append(record.step)
    before, after = by_table.values()
    assert set(np.diff(before)) == {10}
    assert set(np.diff(after)) <= {cadence}
    steps = np.array(sorted(recorded.flight("loss", "loss")))
    thinned = steps[steps > after[0]]
    assert thinned[-1] >= 1200 - 2 * watched_every
    # One step in each interval, and two in each cadence: that of the record and the one before it.
    shares = 1 / watched_every, 1 / watched_every + 2 / cadence
    assert 0.9 * shares[0] <= thinned.size / np.ptp(thinned) <= 1.1 * shares[1]
    health = RunHealth()
    for item in [*recorded.records, *recorded.steps_written]:
        health.observe(item)
    words = {2: "2nd", 32: "32nd"}.get(watched_every, f"{watched_every}th")
    assert (f"every {words} step watched" in health.assessment().reservation) == (watched_every > 1)


def test_every_step_is_watched_if_watching_costs_little(tmp_path, measured_early):
    trained(tmp_path, 400, 1e3)
    recorded = Recorded(tmp_path)
    assert "watched_every" not in recorded.settings
    assert recorded.settings["every"] == 10


@pytest.mark.parametrize(
    "compiled", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=["plain", "xla", "eager"]
)
def test_non_finite_loss_is_recorded_at_its_step_without_watching_every_step(tmp_path, monkeypatch, compiled):
    monkeypatch.setattr(time_budget.TimeBudget, "add", lambda self, *_: None)
    set_pace = []
    observe = gradhealth.Recorder.write_counted

    def thinned(self, *arguments):
        observe(self, *arguments)
        if not set_pace:
            set_pace.append(True)
            (tracked,) = self._tracked.values()
            tracked.observer.set_pace(NEVER, 1)

    monkeypatch.setattr(gradhealth.Recorder, "write_counted", thinned)
    trained(tmp_path, 40, 0.02, faulty=[24], **compiled)
    recorded = Recorded(tmp_path)
    # The first two steps, those of records and before them, the faulty step and all after it.
    watched = [0, 1, 9, 10, 19, 20, *range(24, 40)]
    assert sorted(recorded.flight("loss", "loss")) == watched
    assert 24 in recorded.steps
    loss = recorded.column("loss", "loss", "inf_count")
    assert next(step for step, count in loss.items() if count) == 24
    assert (
        recorded.column("gradient", "first/kernel", "nan_count")[24]
        + recorded.column("gradient", "first/kernel", "inf_count")[24]
        > 0
    )
    # Steps that are not watched are neither zeros nor faults.
    assert recorded.column("loss", "loss", "bad_steps")[30] == 6
    assert recorded.column("loss", "loss", "bad_ago")[30] == 5


@pytest.mark.parametrize("compiled", [{"jit_compile": False}, {"run_eagerly": True}], ids=["plain", "eager"])
def test_training_is_bit_identical_at_every_pace(tmp_path, measured_early, compiled):
    plain = trained(None, 300, None, **compiled)
    for number, overhead in enumerate((None, 1e-3)):
        watched = trained(tmp_path / str(number), 300, overhead, **compiled)
        for one, other in zip(plain, watched, strict=True):
            np.testing.assert_array_equal(one, other)
