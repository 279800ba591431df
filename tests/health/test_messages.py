"""Messages of findings are well-formed for all values that a rule can measure."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.health.protocol.symptom import Facts
from tb_gradhealth.health.results.wording import number, percent, times, value_and_limit, whole
from tb_gradhealth.health.symptoms.loss_stalled import GAINED, SKILLED, ZERO
from tb_gradhealth.record import Row

ASPECTS = {
    "non-finite": 2,
    "exploding-gradient": 2,
    "saturated-activation": 2,
    "loss-stalled": 3,
    "loss-diverging": 2,
    "update-ratio": 2,
    "weight-growth": 3,
    "loss-scaling": 3,
    "input-scale": 5,
}
"""Number of aspects with a wording of their own, by symptom."""

LOSS = Row("loss", "loss", "loss", "loss", 9)
KERNEL = Row("d1/kernel", "gradient", "d1", "kernel", 1, (64, 32))
OUTPUT = Row("d1", "activation", "d1", "activation", 1, (-1, 64), activation="tanh")
INPUT = Row("input", "input", "input", "other", 0, (-1, 8))


def row_of(symptom):
    kinds = {"loss": LOSS, "activation": OUTPUT, "input": INPUT}
    return kinds.get(symptom.judges[0] if len(symptom.judges) == 1 else "gradient", KERNEL)


MOST = {("loss-scaling", 1): 100.0, ("input-scale", 3): 1 / 0.9}
"""The largest value of aspects that are shares."""


def values_of(symptom, limit):
    """Measured values that open a finding: just beyond the limit, far beyond it, and the extremes."""
    if symptom.direction == "below":
        values = [limit * (1 - 1e-9), limit / 3, 1e-7, 1e-30, 0.0]
        return [*values, -1e-9, -0.004, -0.3, -1.0] if symptom.unit == "share" else values
    if symptom.unit == "share":
        return [limit + 1e-9, (limit + 1) / 2, 0.9949, 0.9999, 1.0]
    if symptom.unit in ("elements", "steps", "variables"):
        return [limit + 1, limit + 2, limit + 12_345, 1e12]
    return [limit * (1 + 1e-9) + 1e-9, 2.5 * limit + 1, 1_234 * limit, 1e9 * limit, 1e30, math.inf]


def cases():
    for name, symptom in SYMPTOMS.items():
        rule = symptom(symptom.limits_type())
        limit = rule.limits.threshold
        for aspect in range(ASPECTS.get(name, 1)):
            for value in [min(each, MOST.get((name, aspect), each)) for each in values_of(symptom, limit)]:
                yield pytest.param(rule, aspect, value, id=f"{name}-{aspect}-{value:g}")


def facts_of(rule, value, **others):
    facts = Facts(row_of(type(rule)), 1_200, 1_500, 1_300, value, rule.limits.threshold, "unknown")
    return replace(facts, **others)


@pytest.mark.parametrize(("rule", "aspect", "value"), list(cases()))
def test_a_sentence_is_one_that_a_person_would_write(rule, aspect, value):
    for outcome in ("unknown", "learning", "stalled", "diverging", "undecided"):
        for skill in (math.nan, 0.05, 0.9):
            for resolved, last_step in ((False, 1_500), (True, 1_500), (True, 1_200)):
                facts = facts_of(
                    rule, value, aspect=aspect, outcome=outcome, resolved=resolved, last_step=last_step
                )
                said = rule.message(replace(facts, gain=0.2, skill=skill))
                check(said)
                text = value_and_limit(value, rule.limits.threshold, type(rule).unit)
                check(f"It is {text}.")
                if resolved:
                    assert not re.search(r"\b(has been|have been|is|are) .* since\b", said), said


def check(said):
    assert said[0].isalnum(), said
    assert said.endswith("."), said
    assert not re.search(r"\bnan\b|\binf\b|None|-0(?![.\d])|\{|\}|  |e[+-]0|\.0 ×|100\.\d", said), said
    for share in re.findall(r"([\d,.]+) %", said):
        if "size" not in said:  # an update may be many times its weight
            assert float(share.replace(",", "")) <= 100, said


SENTENCES = [
    (
        "loss-stalled",
        {"value": 0.0, "aspect": GAINED},
        "had not fallen between its first records and step 1,300",
    ),
    ("loss-stalled", {"value": -1e-9, "aspect": GAINED}, "the loss had risen by less than 0.01 % or more"),
    ("loss-stalled", {"value": 0.04, "aspect": GAINED}, "the loss had fallen by no more than 4 % between"),
    ("loss-stalled", {"value": 0.04, "aspect": SKILLED}, "come 4 % of the way from a constant prediction to"),
    (
        "loss-stalled",
        {"value": -3.0, "aspect": SKILLED},
        "no better than predicting the same for every sample.",
    ),
    ("loss-stalled", {"value": 0.0, "aspect": ZERO}, "The loss is exactly 0 since step 1,200"),
    (
        "loss-stalled",
        {"value": 0.0, "aspect": ZERO, "resolved": True},
        "was exactly 0 from step 1,200 to step 1,500",
    ),
    (
        "non-finite",
        {"value": 1.0},
        "The gradient of d1/kernel holds 1 NaN or infinite value, first at step 1,200.",
    ),
    ("non-finite", {"value": 12_288.0}, "holds 12,288 NaN or infinite values, first at step 1,200."),
    (
        "non-finite",
        {"value": 1.0, "aspect": 1},
        "d1/kernel held NaN or infinite values, first at step 1,200.",
    ),
    ("non-finite", {"value": 1.0, "row": LOSS}, "The loss is NaN or infinite since step 1,200."),
    (
        "non-finite",
        {"value": 1.0, "row": replace(LOSS, tensor="d_loss")},
        "The loss d_loss is NaN or infinite since",
    ),
    ("non-finite", {"value": 2.0, "row": INPUT}, "The model's input input holds 2 NaN or infinite values"),
    ("exploding-gradient", {"value": math.inf}, "it was more than 1e38 × its usual size, 10 × is the limit."),
    ("vanishing-gradient", {"value": 0.0}, "No gradient arrives at d1/kernel since step 1,200."),
    (
        "vanishing-gradient",
        {"value": 1e-30},
        "gradients 1e30 × smaller than layers nearer to the output since",
    ),
    ("dead-units", {"value": 0.9999}, "over 99 % of the units of d1 (64 of 64) gave zero"),
    ("loss-diverging", {"value": 3.0}, "was 3 × as large, 2 × is the limit."),
    ("loss-diverging", {"value": 3.0, "aspect": 1}, "lay 2 × its size above it, 1 × is the limit."),
    (
        "loss-spike",
        {"value": 14.0, "row": replace(LOSS, tensor="g_loss")},
        "The loss g_loss jumped out of its usual",
    ),
    (
        "input-scale",
        {"value": 13.0},
        "input has an RMS of 130 at step 1,300, far from unit scale; 10 is the limit.",
    ),
    (
        "input-scale",
        {"value": 2.0, "aspect": 1},
        "an RMS of 0.005 at step 1,300, far from unit scale; 0.01 is the",
    ),
    ("weight-growth", {"value": 12.0}, "d1/kernel has been running away from its size at the start since"),
]


@pytest.mark.parametrize(("symptom", "known", "sentence"), SENTENCES)
def test_what_is_said(symptom, known, sentence):
    rule = SYMPTOMS[symptom](SYMPTOMS[symptom].limits_type())
    assert sentence in rule.message(replace(facts_of(rule, known["value"]), **known))


LOSS_CLAUSES = [
    ("learning", 0.5, math.nan, ", yet the loss improves"),
    ("learning", 0.0, 0.8, ", yet it does far better than a constant prediction"),
    ("stalled", 0.01, math.nan, ", and the loss has not improved"),
    ("stalled", 0.9, 0.02, ", and the results are no better than a constant prediction's"),
    ("diverging", -2.0, math.nan, ", and the loss has left its best value"),
    ("undecided", 0.0, math.nan, ""),
    ("unknown", math.nan, math.nan, ""),
]


@pytest.mark.parametrize(("outcome", "gain", "skill", "said"), LOSS_CLAUSES)
def test_what_the_loss_did_meanwhile(outcome, gain, skill, said):
    facts = Facts(KERNEL, 1, 2, 2, 1.0, 1.0, outcome, gain=gain, skill=skill)
    assert facts.loss_clause == said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (percent(-1e-12), "0 %"),
        (percent(0.0), "0 %"),
        (percent(-0.0), "0 %"),
        (percent(1.0), "100 %"),
        (percent(0.9951), "over 99 %"),
        (percent(1e-9), "less than 0.01 %"),
        (percent(math.nan), "not finite"),
        (number(-0.0), "0"),
        (number(-1e-12), "-1.0e-12"),
        (number(math.inf), "not finite"),
        (times(0.0), "0"),
        (times(math.inf), "more than 1e38"),
        (times(3.4e-8), "3e-8"),
        (whole(12_288), "12,288"),
        (value_and_limit(64, 0, "elements"), "64 / 0 elements"),
        (value_and_limit(86, 10, "times"), "86 × / 10 ×"),
        (value_and_limit(0.61, 0.2, "share"), "61 % / 20 %"),
        (value_and_limit(14, 8, "z"), "z 14 / 8"),
        (value_and_limit(4.1e-4, 1e-3, "ratio"), "0.00041 / 0.001"),
        (value_and_limit(1, 0, "variables"), "1 / 0 variables"),
    ],
)
def test_numbers_in_words(said, expected):
    assert said == expected


def test_every_symptom_has_a_unit_that_the_table_knows():
    units = {name: symptom.unit for name, symptom in SYMPTOMS.items()}
    assert "" not in units.values(), units
    assert np.isfinite(
        [symptom(symptom.limits_type()).limits.threshold for symptom in SYMPTOMS.values()]
    ).all()
