"""A run at a glance: its verdict with its reservations, and which symptoms were judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from tb_gradhealth.health.results.findings import VERDICTS, Finding, Unit, Verdict
from tb_gradhealth.record import Kind


@dataclass(frozen=True)
class NotJudged:
    """A symptom that was not judged, and why."""

    symptom: str
    title: str
    reason: str


@dataclass(frozen=True)
class Closest:
    """The measured value closest to its limit without being beyond it; fields as in `Finding`."""

    symptom: str
    kind: Kind
    tensor: str
    value: float
    threshold: float
    unit: Unit
    direction: str


@dataclass(frozen=True)
class Assessment:
    """A run at a glance.

    Attributes:
        verdict: the run in one word.
        records: number of judged records.
        records_needed: number of records that a verdict needs.
        reservation: what the verdict could not take into account, as a phrase; empty where nothing is
            missing.
        headline: the run in a sentence.
        named: the finding that the headline describes, None without one.
        symptoms: ids of the judged symptoms.
        not_judged: the other symptoms.
        closest: the value closest to its limit; None where nothing is measured.
    """

    verdict: Verdict
    records: int
    records_needed: int
    reservation: str
    headline: str
    named: Finding | None
    symptoms: tuple[str, ...]
    not_judged: tuple[NotJudged, ...]
    closest: Closest | None

    @property
    def verdict_text(self) -> str:
        """The verdict with its reservation: ``healthy; no loss recorded, 4 symptoms not judged``."""
        words = {
            "unknown": "no readable record",
            "too early": f"too early: {self.records} of {self.records_needed} records",
        }
        return "; ".join(filter(None, (words.get(self.verdict, self.verdict), self.reservation)))


def urgency_ranks(assessments: Sequence[Assessment]) -> list[int]:
    """Each run's rank by urgency, 0 for the most urgent.

    The worst verdict comes first, among equal verdicts the earliest finding, else the given order.
    """
    order = sorted(range(len(assessments)), key=lambda index: _urgency(assessments[index]))
    found = [0] * len(order)
    for rank, index in enumerate(order):
        found[index] = rank
    return found


def sort_key(finding: Finding, assessment: Assessment) -> tuple[int, int, int, int]:
    """Sort key of the findings of several runs, for a stable sort.

    By the severity and onset of the finding's incident, then by the urgency of its run. Findings with equal
    keys keep the order in which their runs are listed and their run lists them.

    Args:
        finding: a finding with its ``order``.
        assessment: that of the finding's run.
    """
    return (*finding.order[:2], *_urgency(assessment))


def _urgency(assessment: Assessment) -> tuple[int, int]:
    named = assessment.named
    return VERDICTS.index(assessment.verdict), 0 if named is None else named.order[1]


def headline_of(
    verdict: Verdict, named: Finding | None, records: int, records_needed: int, judged: int, reservation: str
) -> str:
    """A run in a sentence, from the fields of `Assessment` and the number of judged symptoms."""
    if verdict == "unknown":
        return "No record of this run can be read."
    if named is not None:
        resolved = "" if named.resolved_step is None else f" Resolved at step {named.resolved_step:,}."
        return named.message + resolved
    if verdict == "too early":
        text = f"Too early to say: {records} of {records_needed} records"
    else:
        text = f"Healthy by {judged} symptom{'' if judged == 1 else 's'} over {records:,} records"
    return f"{text}; {reservation}." if reservation else f"{text}."
