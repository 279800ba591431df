"""A run at a glance: its verdict, what that could not take into account, and what was looked at."""

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
    """The measured value that is nearest to its limit without being beyond it; fields as in `Finding`."""

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
        records: records judged so far...
        wanted: ...and how many make a verdict.
        reservation: what the verdict could not take into account, half a sentence; empty where nothing is
            missing.
        headline: the run in a sentence.
        named: the finding that the headline speaks of, None without one.
        symptoms: ids of those that were judged.
        not_judged: the others.
        closest: what comes nearest to being a finding; None where nothing is measured.
    """

    verdict: Verdict
    records: int
    wanted: int
    reservation: str
    headline: str
    named: Finding | None
    symptoms: tuple[str, ...]
    not_judged: tuple[NotJudged, ...]
    closest: Closest | None

    @property
    def told(self) -> str:
        """The verdict with what belongs to it: ``healthy; no loss recorded, 4 symptoms not judged``."""
        words = {
            "unknown": "no readable record",
            "too early": f"too early: {self.records} of {self.wanted} records",
        }
        return "; ".join(filter(None, (words.get(self.verdict, self.verdict), self.reservation)))


def ranks(assessments: Sequence[Assessment]) -> list[int]:
    """Each run's place in the order of urgency, 0 for the one to look at first.

    The worst verdict comes first, of equals the one that went wrong first; else the given order holds.
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
    verdict: Verdict, named: Finding | None, records: int, wanted: int, judged: int, reservation: str
) -> str:
    """A run in a sentence, from the fields of `Assessment` and the number of judged symptoms."""
    if verdict == "unknown":
        return "No record of this run can be read."
    if named is not None:
        over = "" if named.resolved_step is None else f" Resolved at step {named.resolved_step:,}."
        return named.message + over
    if verdict == "too early":
        said = f"Too early to say: {records} of {wanted} records"
    else:
        said = f"Healthy by {judged} symptom{'' if judged == 1 else 's'} over {records:,} records"
    return f"{said}; {reservation}." if reservation else f"{said}."
