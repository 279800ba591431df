"""Judging records in blocks gives what judging them one by one gives."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from troubled import written

from tb_gradhealth.health import Mute, RuleSet, RunHealth, SymptomRules
from tb_gradhealth.health.symptoms.dead_layer import DeadLayer
from tb_gradhealth.health.symptoms.gradient_spike import GradientSpike
from tb_gradhealth.health.symptoms.loss_oscillating import LossOscillating
from tb_gradhealth.health.symptoms.non_finite import NonFinite
from tb_gradhealth.health.symptoms.weight_growth import WeightGrowth
from tb_gradhealth.record import Record

RULES = (
    RuleSet(),
    RuleSet(
        symptoms={
            "gradient-spike": SymptomRules(
                limits={"threshold": 2.0, "factor": 1.1, "past": 2, "past_steps": 0}
            ),
            "activation-spike": SymptomRules(limits={"threshold": 1.0, "factor": 1.0, "recurrent": 4}),
            "exploding-gradient": SymptomRules(limits={"threshold": 1.2, "pace": 1.01}),
            "vanishing-gradient": SymptomRules(limits={"threshold": 0.9, "layers": 2, "slack": 5.0}),
            "update-ratio": SymptomRules(limits={"largest": 1e-3}, exclude=("d1*",)),
            "weight-growth": SymptomRules(limits={"threshold": 1.05, "doubling": 1.01}),
            "dead-layer": SymptomRules(limits={"threshold": 2.0}),
            "poor-initialization": SymptomRules(limits={"threshold": 1.01, "layers": 2, "steps": 100}),
            "loss-oscillating": SymptomRules(
                limits={"threshold": 0.1, "turns": 0.1, "wild": 1.0, "steps": 0.0}
            ),
            "loss-stalled": SymptomRules(limits={"threshold": 0.9}),
        },
        mutes=(Mute("known", symptom="dead-*", tensor="d0*"),),
    ),
    RuleSet(
        symptoms={
            "non-finite": SymptomRules(enabled=False),
            "dead-units": SymptomRules(least_severity="warning", include=("d1*", "d2*")),
            "gradient-spike": SymptomRules(limits={"recurrence_steps": 50, "recurrent": 2}),
            "loss-stalled": SymptomRules(most_severity="info"),
        }
    ),
)


def everything(health):
    """All results of a run's health, in a form in which NaN equals itself."""
    findings = health.findings()
    return {
        "findings": [repr(finding) for finding in findings],
        "states": [repr(state) for state in health.states()],
        "verdict": health.verdict(),
        "failures": health.failures(),
        "summary": repr(health.summary()),
        "evidence": {
            finding.id: {
                name: column.tolist() for name, column in health.evidence(finding.id).columns.items()
            }.__repr__()
            for finding in findings
        },
        "trends": {finding.id: repr(health.trend(finding.id, 10).tolist()) for finding in findings},
        "points": [
            [(point.step, point.pinned, point.records) for point in history.points]
            for history in health.histories()
        ],
    }


def judged(contents, rules=RULES[0], budget=1 << 27, asking=lambda index: False):
    health = RunHealth(rules, budget=budget, today=lambda: date(2026, 1, 1))
    for index, content in enumerate(contents):
        health.observe(content)
        if asking(index):
            health.judge(float("inf"))
    return health


def never_back(log):
    """The records of one recorder that never goes back, since a thinned past is judged without the rest."""
    records = [content for content in log if isinstance(content, Record) and not content.table.stream]
    return [dataclasses.replace(record, step=10 * number) for number, record in enumerate(records)]


streams = st.builds(written, st.integers(0, 2**32), st.integers(1, 90))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(log=streams, rules=st.sampled_from(RULES), every=st.integers(2, 40))
def test_one_at_a_time_or_many_at_once_is_the_same(log, rules, every):
    at_once = everything(judged(log, rules))
    assert at_once == everything(judged(log, rules, asking=lambda _: True))
    assert at_once == everything(judged(log, rules, asking=lambda index: index % every == 0))


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32), rules=st.sampled_from(RULES))
def test_that_holds_for_a_history_that_is_thinned(seed, rules):
    log = never_back(written(seed, 250))
    one_by_one = judged(log, rules, budget=1, asking=lambda _: True)
    assert everything(judged(log, rules, budget=1)) == everything(one_by_one)


@pytest.mark.parametrize("failing", [NonFinite, GradientSpike, WeightGrowth, LossOscillating, DeadLayer])
def test_a_rule_that_fails_within_a_block_fails_where_it_would_by_itself(failing, monkeypatch):
    observe = failing.observe

    def upset(rule, view):
        judged = observe(rule, view)  # it may fail after it has taken the records in, too
        return judged if not (view.steps >= 400).any() else 1 / 0

    log = written(3, 120)
    failure = f"{failing.id} is not judged from step "
    monkeypatch.setattr(failing, "observe", upset)
    at_once = everything(judged(log))
    assert at_once == everything(judged(log, asking=lambda _: True))
    assert at_once["failures"]
    assert all(said.startswith(failure) for said in at_once["failures"])
