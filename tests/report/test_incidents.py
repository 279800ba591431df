"""The sentences of incidents are true, and ones that a person would write, for all findings."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, Finding
from tb_gradhealth.health.results import amount, counted, listed
from tb_gradhealth.report.incidents import SUBJECTS, LossCourse, first_advice, incidents_of

ORIGIN = Finding(
    id="0" * 10,
    symptom="vanishing-gradient",
    severity="critical",
    kind="gradient",
    tensor="hidden_0/kernel",
    layer="hidden_0",
    state="open",
    opened_step=0,
    last_step=790,
    peak_step=50,
    resolved_step=None,
    count=80,
    value=1.44e-8,
    threshold=0.001,
    origin=True,
    message="hidden_0/kernel has received gradients 7e7 × smaller than layers nearer to the output.",
    incident="1" * 10,
    unit="ratio",
)

STEPS = st.integers(0, 10**9)
VALUES = st.one_of(st.floats(width=32), st.sampled_from([0.0, 1.0, 0.2, 0.2 + 1e-12, 1e-30, math.inf]))


@st.composite
def findings(draw, incident="1" * 10):
    """The findings of one incident."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        symptom = SYMPTOMS[draw(st.sampled_from(sorted(SYMPTOMS)))]
        kind = draw(st.sampled_from(sorted(SUBJECTS)))
        tensor = draw(st.sampled_from([kind, "dense/kernel", "a", "b c"]))
        opened, length = draw(STEPS), draw(st.integers(0, 1000))
        resolved = draw(st.one_of(st.none(), st.integers(opened + length, opened + length + 100)))
        found.append(
            Finding(
                id=f"{number:010d}",
                symptom=symptom.id,
                severity=draw(st.sampled_from(SEVERITIES)),
                kind=kind,
                tensor=tensor,
                layer=draw(st.sampled_from(["", tensor, "dense"])),
                state="open" if resolved is None else "resolved",
                opened_step=opened,
                last_step=opened + length,
                peak_step=opened + draw(st.integers(0, length)),
                resolved_step=resolved,
                count=draw(st.integers(1, 10_000)),
                value=draw(VALUES),
                threshold=symptom.limits_type().threshold,
                origin=number == 0,
                message="The tensor is out of order.",
                incident=incident,
                muted=draw(st.sampled_from(["", "", "known", "known."])),
                unit=symptom.unit,
                follows="0" * 10 if number and draw(st.booleans()) else None,
            )
        )
    return found


LOSS_POINT = st.tuples(STEPS, st.floats(allow_nan=False, allow_infinity=False, width=32))
LOSSES = st.one_of(
    st.just(LossCourse()),
    st.builds(LossCourse, st.just("loss"), st.none(), st.none(), st.one_of(st.none(), STEPS)),
    st.builds(
        LossCourse, st.sampled_from(["loss", "d_loss"]), LOSS_POINT, LOSS_POINT, st.one_of(st.none(), STEPS)
    ),
)


@settings(max_examples=400, deadline=None)
@given(findings(), LOSSES, st.one_of(st.none(), STEPS))
def test_every_sentence_is_one_that_a_person_would_write(found, loss, last_step):
    (incident,) = incidents_of(found, {"1" * 10: loss}, last_step)
    for sentence in incident.sentences:
        assert sentence == sentence.strip()
        assert sentence[0].isupper() or sentence[0].isdigit() or sentence[0] == "“", sentence
        assert sentence[-1] in ".?", sentence
        assert not sentence.endswith(".."), sentence
        assert not re.search(r"\bnan\b|\binf(inity)?\b|None|\{|\}|  | [.,;]|\(\)|“”|-0(?![.\d])", sentence), (
            sentence
        )
        assert not re.search(r"(?<![\d,.])1 (findings|times|records|elements|steps|variables)\b", sentence), (
            sentence
        )
        assert not re.search(
            r"(?<![\d,.])(0|[2-9]|\d{2,}) (finding|record|element|step|variable)\b", sentence
        )
        assert "All 2 " not in sentence
    assert incident.text == " ".join(incident.sentences)


@settings(max_examples=300, deadline=None)
@given(findings())
def test_a_sentence_says_above_or_below_only_of_a_value_that_is(found):
    (incident,) = incidents_of(found, {}, 10)
    origin = found[0]
    (measured,) = [each for each in incident.sentences if "the limit" in each and "value" in each]
    limit, value = amount(origin.threshold, origin.unit), amount(origin.value, origin.unit)
    assert limit in measured
    if math.isnan(origin.value):
        assert "is not known" in measured
        return
    assert f"step {origin.peak_step:,}" in measured
    assert value in measured
    assert ("above the limit" in measured) <= (origin.value > origin.threshold)
    assert ("below the limit" in measured) <= (origin.value < origin.threshold)
    assert ("just" in measured) <= (value == limit)
    if origin.unit == "share" and math.isfinite(origin.value):
        assert value.endswith("%")


@settings(max_examples=300, deadline=None)
@given(findings())
def test_the_numbers_of_findings_add_up(found):
    (incident,) = incidents_of(found, {}, 10)
    text = incident.text
    following = sum(each.follows is not None for each in found)
    others = len(found) - 1 - following
    stated = re.search(r"(\d+) findings? (?:is|are) (?:a )?known consequence", text)
    assert (int(stated[1]) if stated else 0) == following
    stated = re.search(r"(\d+) more findings? belongs? to the same incident", text)
    assert (int(stated[1]) if stated else 0) == others
    still = sum(each.resolved_step is None for each in found)
    if len(found) > 1 and 0 < still < len(found):
        assert f"{still} of the {len(found)} findings" in text
    assert ("still open" in text) == (still > 0)
    counted_ones = [each for each in found if not each.muted] or found
    assert SEVERITIES.index(incident.severity) == max(
        SEVERITIES.index(each.severity) for each in counted_ones
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=5))
def test_each_finding_is_in_one_incident_in_the_given_order(sizes):
    found = [
        replace(ORIGIN, id=f"{group}.{member}", incident=str(group), origin=member == 0)
        for group, size in enumerate(sizes)
        for member in range(size)
    ]
    incidents = incidents_of(found, {}, None)
    assert [finding for incident in incidents for finding in incident.findings] == found
    assert all(incident.origin.origin for incident in incidents)


def test_an_incident_reads_as_a_paragraph():
    dead = replace(
        ORIGIN, id="2", symptom="loss-stalled", kind="loss", tensor="loss", origin=False, follows="0" * 10
    )
    loss = LossCourse("loss", (0, 2.9), (790, 2.31))
    (incident,) = incidents_of([ORIGIN, dead], {"1" * 10: loss}, 790)
    assert incident.text == (
        "“Vanishing gradient” began at step 0 in the gradient of hidden_0/kernel, in layer hidden_0. "
        "hidden_0/kernel has received gradients 7e7 × smaller than layers nearer to the output. "
        "The worst value of the finding (gradient RMS / reference layer) was 1.4e-8 at step 50, below the "
        "limit of 0.001. It was seen beyond the limit 80 times, from step 0 to step 790. "
        "1 finding is a known consequence of it: “Loss does not improve” in the loss. "
        "Both findings were still open at the last record, step 790. "
        "The loss was 2.9 at step 0 and 2.3 at step 790. "
        "What to try first: Replace sigmoid or tanh in the hidden layers by ReLU, GELU or SiLU."
    )
    assert incident.as_json()["findings"] == ["0" * 10, "2"]


def test_a_loss_that_is_not_finite_is_said_to_be():
    loss = LossCourse("loss", (340, 0.14), (340, 0.14), 343)
    (incident,) = incidents_of([ORIGIN], {"1" * 10: loss}, 790)
    assert (
        "The loss was 0.14 at step 340, the last record in which it is finite. "
        "It has not been finite since step 343."
    ) in incident.text


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_the_first_advice_changes_the_training(symptom):
    assert first_advice(symptom) in SYMPTOMS[symptom].advice_for()
    assert not first_advice(symptom).startswith("Look")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.614, "share", "61 %"),
        (14.2, "z", "14"),
        (86.4, "times", "86 ×"),
        (1, "elements", "1 element"),
        (12_288, "elements", "12,288 elements"),
        (1, "steps", "1 step"),
        (2, "variables", "2 variables"),
        (0.00041, "ratio", "0.00041"),
        (math.inf, "times", "not finite"),
    ],
)
def test_an_amount_has_its_unit(value, unit, said):
    assert amount(value, unit) == said


def test_lists_and_counts_are_english():
    assert [listed(list("abcde")[:size], 3) for size in range(6)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
        "a, b, c and 2 more",
    ]
    assert [counted(count, "record") for count in (0, 1, 2, 1_000)] == [
        "0 records",
        "1 record",
        "2 records",
        "1,000 records",
    ]
