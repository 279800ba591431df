"""The assessment of a run: its verdict and reservations, and the order of runs."""

import numpy as np
import pytest

from tb_gradhealth.health import SYMPTOMS, RuleSet, RunHealth, SymptomRules, urgency_ranks
from tb_gradhealth.record import Row, Steps

BAD = {"nan_count": 3, "inf_count": 0, "bad_steps": 1, "bad_ago": 0}
GOOD = {"nan_count": 0, "inf_count": 0, "bad_steps": 0, "rms": 1.0, "mean": 1.0, "peak_max": 1.0}
INPUT = Row("input", "input", "input", "other", 0, (-1, 8))


def whole(rows):
    """A row of every kind that a verdict needs."""
    kinds = ("gradient", "weight", "update")
    return [*(rows.dense(0, kind=kind) for kind in kinds), rows.activation(0), INPUT, rows.LOSS]


def falling(run, records, first=0):
    sizes = {"gradient": 1e-3, "update": 1e-4}
    for number in range(first, first + records):
        others = [{**GOOD, "rms": sizes.get(row.kind, 0.1)} for row in run.table.rows[:-1]]
        run.record([*others, {**GOOD, "mean": 2.0 * 0.9**number, "peak_max": 2.0}])
    return run


@pytest.mark.parametrize(("records", "verdict"), [(1, "too early"), (9, "too early"), (10, "healthy")])
def test_a_verdict_takes_ten_records(training, rows, records, verdict):
    glance = falling(training(whole(rows)), records).judged().assessment()
    assert (glance.verdict, glance.records, glance.records_needed, glance.reservation) == (
        verdict,
        records,
        10,
        "",
    )
    if verdict == "too early":
        assert glance.headline == f"Too early to say: {records} of 10 records."
        assert glance.verdict_text == f"too early: {records} of 10 records"
    else:
        assert glance.verdict_text == "healthy"


def test_two_recordings_of_thirty_two_steps_without_a_gap_make_one_too(training, rows):
    run = falling(training(whole(rows), watched=(5,)), 3)
    health = run.judged()
    assert health.verdict() == "too early"
    values = 2.0 * 0.99 ** np.arange(32, dtype=np.float32)[:, None]
    health.observe(Steps(31, 1e9, run.table, values))
    assert health.verdict() == "healthy"


@pytest.mark.parametrize(("every", "words"), [(2, "every 2nd"), (4, "every 4th"), (32, "every 32nd")])
def test_that_not_every_step_was_watched_stands_beside_the_verdict(training, rows, every, words):
    glance = falling(training(whole(rows), watched_every=every), 10).judged().assessment()
    assert (glance.verdict, glance.reservation) == ("healthy", f"{words} step watched")


@pytest.mark.parametrize("senseless", [1, 0, -4, True, "4", 2.5, None, 10**30])
def test_a_senseless_share_of_watched_steps_says_nothing(training, rows, senseless):
    assert falling(training(whole(rows), watched_every=senseless), 10).judged().assessment().reservation == ""


def test_lines_with_steps_between_them_are_no_recording_without_a_gap(training, rows):
    run = falling(training(whole(rows), watched=(5,)), 3)
    health = run.judged()
    values = 2.0 * 0.99 ** np.arange(32, dtype=np.float32)[:, None]
    health.observe(Steps(62, 1e9, run.table, values, 2 * np.arange(32)[::-1]))
    assert health.verdict() == "too early"


def test_a_fault_needs_no_ten_records(training, rows):
    glance = training([rows.dense(0), rows.LOSS]).record([BAD, GOOD]).judged().assessment()
    assert glance.verdict == "critical"
    assert glance.named.tensor == "dense_0/kernel"
    assert glance.headline == glance.named.message


def test_nothing_is_unknown():
    glance = RunHealth().assessment()
    assert (glance.verdict, glance.verdict_text, glance.reservation) == ("unknown", "no readable record", "")


def test_what_is_not_recorded_stands_in_the_verdict(training, rows):
    layers = [row for row in whole(rows) if row.kind != "loss"]
    glance = falling(training([*layers, rows.training("learning_rate")]), 12).judged().assessment()
    assert glance.verdict_text == "healthy; no loss recorded, 4 symptoms not judged"
    assert glance.headline.endswith("records; no loss recorded, 4 symptoms not judged.")
    missing = {each.symptom for each in glance.not_judged if each.reason == "no loss recorded"}
    assert missing == {name for name in SYMPTOMS if name.startswith("loss-")} - {"loss-scaling"}


def test_each_symptom_is_judged_or_says_why_not(training, rows):
    glance = falling(training(whole(rows)), 12).judged().assessment()
    assert {*glance.symptoms} | {each.symptom for each in glance.not_judged} == set(SYMPTOMS)
    assert all(each.reason for each in glance.not_judged)
    reasons = {each.symptom: each.reason for each in glance.not_judged}
    assert reasons["saturated-activation"] == "its activation function has no two flat ends"
    assert reasons["loss-scaling"] == "nothing in this network that it applies to"


def test_what_the_rules_switch_off_is_said_but_not_held_against_the_recording(training, rows):
    off = RuleSet(symptoms={"loss-stalled": SymptomRules(enabled=False)})
    run = falling(training(whole(rows)), 12)
    health = RunHealth(off)
    for record in run.records:
        health.observe(record)
    glance = health.assessment()
    reasons = {each.symptom: each.reason for each in glance.not_judged}
    assert (reasons["loss-stalled"], glance.reservation) == ("switched off by the rules", "")


def test_the_closest_is_the_largest_share_of_a_limit(training, rows):
    run = training([rows.activation(0), rows.activation(1)])
    for _ in range(12):
        run.record([{"dead_fraction": 0.05, "window": 20}, {"dead_fraction": 0.15, "window": 20}])
    closest = run.judged().assessment().closest
    assert (closest.symptom, closest.tensor) == ("dead-units", "dense_1")
    assert (closest.value, closest.threshold, closest.unit) == (pytest.approx(0.15), 0.2, "share")


def judged(training, rows, *records):
    run = training([rows.dense(0), rows.LOSS])
    for record in records:
        run.record(record)
    return run.judged().assessment()


def test_the_worst_run_comes_first_of_equals_the_one_that_went_wrong_first(training, rows):
    fine = falling(training([rows.dense(0), rows.LOSS]), 12).judged().assessment()
    early = judged(training, rows, [GOOD, GOOD], [BAD, GOOD])
    later = judged(training, rows, *[[GOOD, GOOD]] * 5, [BAD, GOOD])
    young = falling(training([rows.dense(0), rows.LOSS]), 2).judged().assessment()
    assert urgency_ranks([fine, later, young, early, later]) == [4, 1, 3, 0, 2]
    assert urgency_ranks([]) == []


def test_a_loss_that_stays_nan_says_since_when(training, rows):
    run = training([rows.LOSS])
    for _ in range(5):
        run.record([GOOD])
    run.record([{**BAD, "bad_steps": 8, "bad_ago": 7}]).record([BAD]).record([{}])
    health = run.judged()
    assert health.summary().loss_bad_since == 43
    assert health.summary().loss_last == 1.0
    health.observe(run.record([GOOD]).records[-1])
    assert health.summary().loss_bad_since is None


def test_a_nan_that_only_the_flight_recorder_saw_counts(training, rows):
    run = training([rows.LOSS], watched=(0,)).record([GOOD]).record([GOOD])
    health = run.judged()
    health.observe(Steps(15, 1e9, run.table, np.array([[1], [1], [1], [np.nan], [np.inf]], np.float32)))
    assert health.summary().loss_bad_since == 14
