"""The epochs that a training reports are exact, and no message about the loss contradicts them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.health import RunHealth
from tb_gradhealth.health.series.epochs import MAXIMUM_EPOCHS, EpochLog
from tb_gradhealth.record import COLUMNS, Epoch, Record, Row, RowTable

EVERY = 10
TABLE = RowTable((Row("loss", "loss", "loss", "loss", 9),), settings={"every": EVERY})
MEAN, PEAK = COLUMNS.index("mean"), COLUMNS.index("peak_max")


def heavy_tailed(generator, size):
    return generator.pareto(1.2, size) + 0.01


def log_normal(generator, size):
    return generator.lognormal(0, 2.5, size)


def two_modes(generator, size):
    return np.where(
        generator.random(size) < 0.1, generator.normal(30, 3, size), generator.normal(0.2, 0.02, size)
    )


def mostly_zero(generator, size):
    return np.where(generator.random(size) < 0.8, 0.0, generator.exponential(5, size))


SHAPES = (heavy_tailed, log_normal, two_modes, mostly_zero)


def record(step, loss, peak):
    values = np.full((1, len(COLUMNS)), np.nan, np.float32)
    values[0, [MEAN, PEAK]] = loss, peak
    return Record(step, 1e9 + step, TABLE, values)


def trained(losses, batches, metrics=()):
    """A run with a record every ten batches and the mean of each epoch, as `fit` reports it."""
    health = RunHealth()
    for step, loss in enumerate(losses):
        if step % EVERY == 0:
            health.observe(record(step, loss, losses[max(step - EVERY + 1, 0) : step + 1].max()))
        if step % batches == batches - 1:
            values = {"loss": float(losses[step - batches + 1 : step + 1].mean())}
            values |= {name: series[step // batches] for name, series in dict(metrics).items()}
            health.observe(Epoch(step, 1e9 + step, TABLE, values))
    return health


@settings(max_examples=120, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    seed=st.integers(0, 2**32 - 1),
    epochs=st.integers(3, 8),
    batches=st.integers(20, 120),
    fall=st.floats(0.3, 3.0),
)
def test_no_finding_contradicts_the_epochs(shape, seed, epochs, batches, fall):
    generator = np.random.default_rng(seed)
    losses = shape(generator, epochs * batches) * np.repeat(fall ** -np.arange(epochs), batches)
    means = losses.reshape(epochs, batches).mean(axis=1)
    health = trained(losses, batches)
    assert health.failures() == ()
    trend = {finding.symptom: finding for finding in health.findings() if finding.state == "open"}
    if means[0] - means[-1] >= 0.1 * means[0]:
        assert "loss-stalled" not in trend, trend["loss-stalled"].message
    if means[-1] <= 1.1 * means.min():
        assert "loss-diverging" not in trend, trend["loss-diverging"].message
    for finding in health.findings():
        # "had risen" may only be said of a step up to which the epochs had not fallen.
        if "had risen" in finding.message and finding.state == "open":
            known = means[: (finding.peak_step + 1) // batches]
            assert known.size < 2 or known[-1] > known[0]


def test_an_epoch_that_falls_ends_what_single_batches_said():
    losses = np.where(
        np.arange(600) % 10 == 0, 1.0, np.repeat([9.0, 6.0, 3.0], 200)
    )  # records see the 1.0 only
    health = trained(losses, 200)
    (finding,) = [each for each in health.findings() if each.symptom == "loss-stalled"]
    assert (finding.state, finding.severity) == ("resolved", "info")
    assert health.verdict() == "healthy"


def test_accuracy_far_above_chance_is_learning_whatever_the_loss_does():
    table = RowTable(
        (*TABLE.rows, Row("constant_accuracy", "training", "", "other", 9)), settings={"every": EVERY}
    )
    health = RunHealth()
    for step in range(400):
        if step % EVERY == 0:
            values = np.full((2, len(COLUMNS)), np.nan, np.float32)
            values[:, MEAN] = 1.0 + 0.001 * step, 0.1
            health.observe(Record(step, 1e9, table, values))
        if step % 100 == 99:
            health.observe(Epoch(step, 1e9, table, {"loss": 1.0 + 0.001 * step, "accuracy": 0.9}))
    assert [each.symptom for each in health.findings() if each.severity != "info"] == []


def test_a_good_epoch_does_not_excuse_what_came_after_it():
    losses = np.r_[2.0 * 0.98 ** np.arange(200), np.full(150, 9.0)]
    health = trained(losses, 100, {"accuracy": [0.6, 0.9, 0.9]})
    found = {each.symptom: each for each in health.findings() if each.state == "open"}
    assert found["loss-diverging"].severity == "warning"


@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_values_that_are_not_finite_are_no_epochs(name):
    health = RunHealth()
    for step in range(300):
        if step % EVERY == 0:
            health.observe(record(step, 2.0 / (1 + step), 2.0))
        if step % 50 == 49:
            health.observe(Epoch(step, 1e9, TABLE, {"loss": 1.0 / (1 + step), name: float("nan")}))
    assert (health.verdict(), health.failures()) == ("healthy", ())


def epoch(step, loss):
    return Epoch(step, 1e9, TABLE, {"loss": loss, "val_loss": 3.0})


def test_a_log_says_what_was_known_before_a_step():
    log = EpochLog()
    for number, loss in enumerate([4.0, 2.0, 3.0]):
        log.add(epoch(100 * number + 99, loss))
    trend = log.before(np.array([0, 99, 100, 250, 300]))
    np.testing.assert_array_equal(trend.count, [0, 0, 1, 2, 3])
    np.testing.assert_array_equal(trend.first, [np.nan, np.nan, 4, 4, 4])
    np.testing.assert_array_equal(trend.last, [np.nan, np.nan, 4, 2, 3])
    np.testing.assert_array_equal(trend.best, [np.nan, np.nan, 4, 2, 2])
    np.testing.assert_allclose(trend.gain, [np.nan, np.nan, np.nan, 0.5, 0.25])
    np.testing.assert_array_equal(trend.at_best, [False, False, False, True, False])


def test_a_training_that_goes_back_forgets_the_epochs_it_overtakes():
    log = EpochLog()
    for number in range(5):
        log.add(epoch(10 * number, 5.0 - number))
    log.add(epoch(20, 9.0))
    assert [each.step for each in log.contents] == [0, 10, 20]
    log.forget_from(10)
    assert log.last_step == 0


def test_epochs_take_bounded_memory_and_keep_the_first_and_the_last():
    log = EpochLog()
    for step in range(3 * MAXIMUM_EPOCHS):
        log.add(epoch(step, 1.0 + step))
    trend = log.all()
    assert len(log.contents) <= MAXIMUM_EPOCHS
    assert (trend.first[0], trend.last[0], trend.best[0]) == (1.0, 3.0 * MAXIMUM_EPOCHS, 1.0)


def test_the_epochs_done_grow_from_end_to_end():
    log = EpochLog()
    assert np.isnan(log.done(np.array([0, 10]), 0)).all()
    for end in (10, 30, 40):
        log.add(epoch(end, 1.0))
    steps = np.array([0, 5, 10, 20, 30, 40, 45])
    np.testing.assert_allclose(log.done(steps, 0), [0, 0.5, 1, 1.5, 2, 3, np.nan])
    log.add(epoch(30, 1.0))  # the training went back
    np.testing.assert_allclose(log.done(steps, 0), [0, 0.5, 1, 1.5, 2, np.nan, np.nan])


def test_the_evidence_has_the_time_and_the_epoch_of_each_record():
    health = trained(np.full(400, 2.0, np.float32), 100)
    columns = health.evidence(health.findings()[0].id).columns
    steps = columns["step"]
    np.testing.assert_array_equal(columns["wall_time"], 1e9 + steps)
    known = steps <= 99
    np.testing.assert_allclose(columns["epoch"][known], steps[known] / 99)
    assert columns["epoch"][-1] > 3.8
