"""Findings open on persistence, close with hysteresis and keep one identity."""

import dataclasses

import numpy as np
import pytest

DEAD = {"dead_fraction": 0.4, "window": 10}
FEW_DEAD = {"dead_fraction": 0.15, "window": 10}
ALIVE = {"dead_fraction": 0.05, "window": 10}
UNWATCHED = {"dead_fraction": 0.9, "window": 3}


def finding_after(training, rows, *states):
    run = training([rows.activation(0)])
    for state in states:
        run.record([state])
    return run.findings().get(("dead-units", "dense_0"))


def test_two_bad_records_are_not_yet_a_finding(training, rows):
    assert finding_after(training, rows, DEAD, ALIVE, DEAD, ALIVE, ALIVE, ALIVE, DEAD) is None


def test_three_in_five_open_at_the_first_of_them(training, rows):
    finding = finding_after(training, rows, ALIVE, DEAD, ALIVE, DEAD, DEAD)
    assert (finding.state, finding.opened_step, finding.last_step, finding.count) == ("open", 10, 40, 3)
    assert finding.resolved_step is None


def test_values_between_half_and_the_whole_threshold_keep_it_open(training, rows):
    finding = finding_after(training, rows, DEAD, DEAD, DEAD, *[FEW_DEAD] * 9)
    assert (finding.state, finding.last_step) == ("open", 20)


def test_five_good_records_resolve_it(training, rows):
    finding = finding_after(training, rows, DEAD, DEAD, DEAD, *[ALIVE] * 5)
    assert (finding.state, finding.resolved_step) == ("resolved", 70)


def test_four_good_records_do_not(training, rows):
    assert finding_after(training, rows, DEAD, DEAD, DEAD, *[ALIVE] * 4).state == "open"


def test_it_reopens_under_the_same_identity(training, rows):
    first = finding_after(training, rows, DEAD, DEAD, DEAD, *[ALIVE] * 5)
    again = finding_after(training, rows, DEAD, DEAD, DEAD, *[ALIVE] * 5, DEAD, DEAD, DEAD)
    assert again.id == first.id
    assert (again.state, again.resolved_step, again.opened_step, again.count) == ("open", None, 0, 6)


def test_what_was_not_measured_neither_opens_nor_resolves(training, rows):
    assert finding_after(training, rows, DEAD, DEAD, *[UNWATCHED] * 6) is None
    assert finding_after(training, rows, DEAD, DEAD, DEAD, *[UNWATCHED] * 6).state == "open"


def test_the_peak_is_the_worst_value_and_its_step(training, rows):
    worst = {"dead_fraction": 0.45, "window": 10}
    finding = finding_after(training, rows, DEAD, DEAD, worst, DEAD)
    assert finding.value == pytest.approx(0.45)
    assert finding.peak_step == 20


def test_judging_in_one_go_or_record_by_record_gives_the_same(training, rows):
    generator = np.random.default_rng(3)
    run = training([rows.activation(0), rows.activation(1), rows.LOSS])
    for _ in range(60):
        dead = generator.uniform(0, 0.5, 2)
        run.record(
            [{"dead_fraction": share, "window": 10} for share in dead] + [{"mean": generator.uniform()}]
        )
    stepwise = training(run.table.rows).judged()
    for record in run.records:
        stepwise.observe(record)
        stepwise.findings()
    assert stepwise.findings() == run.judged().findings()


def test_the_trend_of_a_long_run_keeps_its_single_worst_record(training, rows):
    run = training([rows.activation(0)])
    for record in range(400):
        run.record([{"peak_max": 50.0 if record == 333 else 1.0}])
    health = run.judged()
    (finding,) = health.findings()
    trend = health.trend(finding.id, points=40)
    assert trend.shape == (40,)
    assert (np.nanargmax(trend), np.nanmax(trend)) == (33, pytest.approx(finding.value))


def test_a_restart_replaces_what_it_overtakes(training, rows):
    run = training([rows.activation(0)])
    for step in range(0, 100, 10):
        run.record([DEAD], step)
    for step in range(50, 100, 10):
        run.record([ALIVE], step)
    finding = run.findings()["dead-units", "dense_0"]
    assert (finding.state, finding.last_step, finding.resolved_step) == ("resolved", 40, 90)
    assert run.judged().summary().records == 10


def test_tensors_that_come_and_go_are_judged_alike_late_and_early(training, rows):
    frozen = dataclasses.replace(rows.activation(0), not_measured="frozen")
    early = training([rows.activation(0)])
    late = training([frozen, rows.activation(1)])
    for step in (0, 10, 20):
        early.record([DEAD], step)
        late.record([{}, DEAD], step + 30)
    early.records += late.records
    stepwise = training(early.table.rows).judged()
    for record in early.records:
        stepwise.observe(record)
        stepwise.findings()
    assert stepwise.findings() == early.judged().findings()
    assert {finding.tensor for finding in stepwise.findings()} == {"dense_0", "dense_1"}


def test_a_changed_set_of_tensors_continues_the_history(training, rows):
    before = training([rows.activation(0)])
    after = training([rows.activation(1), rows.activation(0)])
    for step in (0, 10):
        before.record([DEAD], step)
    for step in (20, 30):
        after.record([ALIVE, DEAD], step)
    before.records += after.records
    findings = before.findings()
    assert set(findings) == {("dead-units", "dense_0")}
    assert (findings["dead-units", "dense_0"].opened_step, findings["dead-units", "dense_0"].count) == (0, 4)


def weighed(training, rows, *parts):
    """Dead units over parts of (share, loss): severity at the end."""
    run = training([rows.activation(0), rows.LOSS])
    for share, losses in parts:
        for loss in losses:
            run.record([{"dead_fraction": share, "window": 10}, {"mean": loss}])
    return run.findings()["dead-units", "dense_0"].severity


FALLING, FLAT = 2.3 * 0.9 ** np.arange(20.0), np.full(30, 2.3)


def test_the_outcome_weighs_a_finding_and_never_hides_it(training, rows):
    assert weighed(training, rows, (0.4, FALLING)) == "info"
    assert weighed(training, rows, (0.4, FLAT)) == "critical"
    assert weighed(training, rows, (0.4, [np.nan] * 9)) == "warning"


def test_what_the_training_got_along_with_does_not_explain_its_failure(training, rows):
    failing = np.full(30, 50.0)
    assert weighed(training, rows, (0.4, FALLING), (0.4, failing)) == "info"
    assert weighed(training, rows, (0.3, FALLING), (0.3, failing[:6]), (0.5, failing)) == "critical"


def test_information_stays_information_when_nothing_is_learned(training, rows):
    run = training([rows.activation(0), rows.LOSS])
    for loss in FLAT:
        run.record([{"dormant_fraction": 0.3}, {"mean": loss}])
    assert run.findings()["dormant-units", "dense_0"].severity == "info"
