"""Findings do not depend on how records arrive, and memory does not grow with their number."""

import dataclasses
from datetime import date

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tb_gradhealth.health import RunHealth
from tb_gradhealth.health.series.history import MAXIMUM_POINTS
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, Steps

LOSS = Row("loss", "loss", "loss", "loss", 9, output=True)


def network(*depths, frozen=()):
    """Row table of dense layers at some depths; the gradients of the frozen ones are not measured."""
    rows = []
    for depth in depths:
        gradient = Row(f"d{depth}/kernel", "gradient", f"d{depth}", "kernel", depth, (8, 8))
        rows.append(dataclasses.replace(gradient, not_measured="frozen") if depth in frozen else gradient)
        rows.append(dataclasses.replace(gradient, kind="weight"))
        rows.append(dataclasses.replace(gradient, kind="update"))
        rows.append(
            Row(f"d{depth}", "activation", f"d{depth}", "activation", depth, (-1, 8), activation="relu")
        )
    rows.append(LOSS)
    return RowTable(tuple(rows), settings={"every": 10}, watched=tuple(range(len(rows))))


TABLES = (network(0, 1, 2, 3, 4), network(4, 2, 5, 1), network(0, 1, 2, 3, 4, frozen=(1, 2)), network())


def values_of(table, generator):
    """Statistics over many orders of magnitude, with NaN, zeros and non-finite elements among them."""
    values = 10.0 ** generator.uniform(-6, 3, (len(table.rows), len(COLUMNS)))
    values[generator.random(values.shape) < 0.1] = np.nan
    values[generator.random(values.shape) < 0.1] = 0
    for name in ("dead_fraction", "dormant_fraction", "saturated_fraction", "untouched_fraction"):
        values[:, COLUMNS.index(name)] = generator.random(len(table.rows))
    for name in ("nan_count", "inf_count", "bad_steps", "bad_ago"):
        values[:, COLUMNS.index(name)] = generator.random(len(table.rows)) < 0.05
    return values.astype(np.float32)


MOVES = ["on"] * 12 + ["gap", "back", "start", "table", "steps"]
plans = st.tuples(st.integers(0, 2**32), st.lists(st.sampled_from(MOVES), min_size=1, max_size=40))


def written(plan):
    """Records and steps as an adversarial recorder might write them: restarts, gaps, changing tables."""
    seed, moves = plan
    generator = np.random.default_rng(seed)
    step, found, table = 0, [], TABLES[0]
    for move in moves:
        move_by = {"gap": 500, "back": -int(generator.integers(1, 80))}
        step = 0 if move == "start" else step + move_by.get(move, int(generator.integers(1, 11)))
        table = TABLES[generator.integers(len(TABLES))] if move == "table" else table
        values = values_of(table, generator)
        if move == "steps":
            found.append(Steps(step, 1e9, table, np.ascontiguousarray(values[:, :7].T)))
        else:
            found.append(Record(step, 1e9 + step, table, values))
    return found


def judged(contents, asking=lambda index: False, budget=1 << 27):
    health = RunHealth(budget=budget, today=lambda: date(2026, 1, 1))
    for index, content in enumerate(contents):
        health.observe(content)
        if asking(index):
            health.findings()
    assert health.failures() == ()
    return health


@settings(max_examples=60, deadline=None)
@given(plan=plans, every=st.integers(1, 7))
@example(
    plan=(16, ["steps", "table", "table"]), every=1
)  # rows first heard of with the flight recorder's lines
def test_findings_do_not_depend_on_when_somebody_asked(plan, every):
    log = written(plan)
    at_once, stepwise, now_and_then = (
        judged(log),
        judged(log, lambda _: True),
        judged(log, lambda i: i % every == 0),
    )
    assert at_once.findings() == stepwise.findings() == now_and_then.findings()
    assert str(list(at_once.states())) == str(list(stepwise.states()))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(plan=plans)
def test_that_holds_for_a_history_that_is_thinned_too(plan):
    log = written(plan)
    shifted = [
        *healthy(150),
        *(dataclasses.replace(c, step=c.step + 1500) for c in log if isinstance(c, Record)),
    ]
    at_once, stepwise = judged(shifted, budget=1), judged(shifted, lambda _: True, budget=1)
    assert at_once.findings() == stepwise.findings()
    assert at_once.summary() == stepwise.summary()


@settings(max_examples=60, deadline=None)
@given(plan=plans, cut=st.integers(0, 60))
def test_a_restart_leaves_no_trace_of_what_it_overtook(plan, cut):
    log = written(plan)
    records = [content for content in log if isinstance(content, Record)]
    assume(records)
    steps = sorted({record.step for record in records})
    restart = steps[min(cut, len(steps) - 1)]
    ascending = [dataclasses.replace(record, step=10 * index) for index, record in enumerate(records)]
    again = [record for record in ascending if record.step >= restart]
    fresh = judged([r for r in ascending if r.step < restart] + again)
    assert judged(ascending + again).findings() == fresh.findings()


def healthy(count, table=TABLES[0]):
    """A healthy training: steady numbers, a loss that falls."""
    generator = np.random.default_rng(0)
    column = {name: index for index, name in enumerate(COLUMNS)}
    for index in range(count):
        values = np.exp(generator.normal(-3, 0.05, (len(table.rows), len(COLUMNS)))).astype(np.float32)
        for name in ("nan_count", "inf_count", "bad_steps", "dead_fraction", "dormant_fraction"):
            values[:, column[name]] = 0
        values[[row.kind == "update" for row in table.rows], column["rms"]] = 1e-5
        values[-1, column["mean"]] = 2.3 * np.exp(-index / 50)
        yield Record(10 * index, 1e9 + index, table, values)


def test_a_long_run_keeps_a_bounded_number_of_points_and_its_newest_all():
    health = judged(healthy(1600))
    steps = health.series("gradient", "d0/kernel", ["rms"])["step"]
    assert steps.size <= MAXIMUM_POINTS
    assert (steps[0], steps[-1]) == (0, 15990)
    assert np.array_equal(np.diff(steps[-40:]), np.full(39, 10))  # the newest at full resolution
    assert health.summary().records == 1600


def test_a_budget_bounds_the_bytes():
    health = judged(healthy(1500), budget=1 << 20)
    (stream,) = health._streams.values()
    assert sum(point.size for point in stream.history.points) <= (1 << 20) + stream.history.points[-1].size


def test_the_points_around_a_finding_outlive_the_thinning():
    records = list(healthy(1600))
    sick = records[500].values.copy()
    sick[0, COLUMNS.index("nan_count")] = 7
    records[500] = dataclasses.replace(records[500], values=sick)
    health = judged(records)
    (finding,) = [found for found in health.findings() if found.symptom == "non-finite"]
    evidence = health.evidence(finding.id).columns
    assert evidence["value"][list(evidence["step"]).index(5000)] == 7
    assert {4980, 4990, 5000} <= set(evidence["step"])


def test_a_thinned_series_still_holds_recorded_values():
    records = list(healthy(1600))
    series = judged(records).series("weight", "d1/kernel", ["rms"])
    row = next(i for i, r in enumerate(TABLES[0].rows) if (r.kind, r.tensor) == ("weight", "d1/kernel"))
    expected = [records[int(step) // 10].values[row, COLUMNS.index("rms")] for step in series["step"]]
    assert series["rms"] == pytest.approx(expected)


def test_a_healthy_training_has_no_findings_however_long():
    assert [f for f in judged(healthy(1200)).findings() if f.severity != "info"] == []


def test_networks_that_train_against_each_other_are_not_judged_by_their_losses():
    stuck = [dataclasses.replace(record, values=record.values.copy()) for record in healthy(40)]
    for record in stuck:
        record.values[-1, COLUMNS.index("mean")] = np.log(2)
    other = dataclasses.replace(TABLES[0], stream="critic")
    critic = [dataclasses.replace(record, table=other) for record in stuck]
    alone = {found.symptom: found.severity for found in judged(stuck).findings()}
    both = {found.symptom: found.severity for found in judged([*stuck, *critic]).findings()}
    assert (alone["loss-stalled"], both["loss-stalled"]) == ("warning", "info")
    pairs = [each for pair in zip(stuck, critic, strict=True) for each in pair]
    assert judged(pairs).findings() == judged([*stuck, *critic], lambda _: True).findings()


def test_a_loss_that_only_a_later_table_has_is_none_of_the_records_before():
    bare = RowTable(network(0).rows[:-1], settings={"every": 10})
    both = network(0)
    values = {table.id: np.ones((len(table.rows), len(COLUMNS)), np.float32) for table in (bare, both)}
    at_once, one_by_one = RunHealth(), RunHealth()
    for step, table in [(0, bare), (10, bare), (20, both)]:
        record = Record(step, 1e9 + step, table, values[table.id])
        at_once.observe(record)
        one_by_one.observe(record)
        one_by_one.findings()
    assert at_once.findings() == one_by_one.findings()
    assert at_once.failures() == ()


often = st.lists(st.sampled_from(["on"] * 10 + ["steps"] * 10 + ["back"]), min_size=50, max_size=90)


def with_rare_nan(content, generator):
    """The content with ones as numbers, and a rare NaN in a tensor."""
    bad = generator.random(content.values.shape) < 0.01
    if isinstance(content, Steps):
        return dataclasses.replace(content, values=np.where(bad, np.nan, 1).astype(np.float32))
    values = np.ones(content.values.shape, np.float32)
    for name in ("nan_count", "inf_count", "bad_steps"):
        column = COLUMNS.index(name)
        values[:, column] = bad[:, column]
    return dataclasses.replace(content, values=values)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), moves=often, every=st.integers(1, 9))
def test_nor_where_the_flight_recorder_writes_more_than_is_remembered(seed, moves, every):
    generator = np.random.default_rng(seed)
    log = [with_rare_nan(content, generator) for content in written((seed, moves))]
    at_once, stepwise = judged(log), judged(log, lambda index: index % every == 0)
    assert at_once.findings() == stepwise.findings()
    assert str(list(at_once.states())) == str(list(stepwise.states()))


def test_a_nan_between_many_writings_of_the_flight_recorder_is_found_whoever_asks():
    table = network(0)
    healthy = np.ones((len(table.rows), len(COLUMNS)), np.float32)
    for name in ("nan_count", "inf_count", "bad_steps"):
        healthy[:, COLUMNS.index(name)] = 0
    log = []
    for number in range(40):
        values = healthy.copy()
        values[0, COLUMNS.index("nan_count")] = number == 30
        log.append(Record(10 * number, 1e9, table, values))
        log.append(Steps(10 * number, 1e9, table, np.ones((5, len(table.watched)), np.float32)))
    for asking in (lambda _: False, lambda _: True, lambda index: index % 7 == 0):
        found = judged(log, asking).findings()
        assert [(f.tensor, f.opened_step) for f in found if f.symptom == "non-finite"] == [("d0/kernel", 300)]


def test_a_hundred_thousand_steps_take_no_minute_and_lose_no_explosion():
    table = network(0)
    steps = np.ones((100_000, len(table.watched)), np.float32)
    steps[-6:, 0] = 10.0 ** np.arange(2, 8)
    steps[-6:, -1] = 10.0 ** np.arange(2, 8)
    values = np.zeros((len(table.rows), len(COLUMNS)), np.float32)
    found = judged([Record(1, 1e9, table, values), Steps(100_001, 1e9, table, steps)]).findings()
    assert [f.opened_step for f in found if f.symptom == "exploding-gradient"] == [99_996]


@pytest.mark.parametrize("every", [10**400, -(10**400), 0, 1e300, "often", True])
def test_a_cadence_that_is_none_is_not_believed(every):
    table = dataclasses.replace(network(0), settings={"every": every})
    values = np.ones((len(table.rows), len(COLUMNS)), np.float32)
    health = judged([Record(10 * number, 1e9, table, values) for number in range(30)])
    assert health.summary().every is None
    assert health.findings()
