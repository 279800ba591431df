"""A run at a glance: its verdict, what that could not take into account, and what was looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.findings import VERDICTS, Finding, Unit, Verdict, verdict_of
from tb_gradhealth.health.stream import RECORDS
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.health.symptom import AnySymptom
from tb_gradhealth.health.watch import Watch
from tb_gradhealth.health.wording import ordinal
from tb_gradhealth.record import Kind

KINDS: Final[Mapping[Kind, str]] = {
    "gradient": "gradients",
    "weight": "weights",
    "update": "updates",
    "activation": "activations",
    "input": "inputs",
    "loss": "loss",
}
"""The kinds that a verdict misses where they are not recorded, in words."""


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


def assess(
    symptoms: Iterable[type[AnySymptom]],
    judged_by: Sequence[tuple[Watch, Structure]],
    findings: Sequence[Finding],
    records: int,
    enough: bool,
) -> Assessment:
    """Sum up a run.

    Args:
        symptoms: all there are.
        judged_by: the rules of all recorders, those that the rule set leaves on, each with what it judges.
        findings: in order, the most urgent first.
        records: how many were judged.
        enough: whether they make a verdict.
    """
    watches = [watch for watch, _ in judged_by]
    kinds = {
        kind for _, structure in judged_by for kind, measured in structure.kinds.items() if measured.any()
    }
    judged = {watch.rule.id for watch in watches if _has_judged(watch)}
    left_out = tuple(
        NotJudged(symptom.id, symptom.title, _why_not(symptom, watches, kinds))
        for symptom in symptoms
        if symptom.id not in judged
    )
    verdict = verdict_of(findings, records, enough)
    named = findings[0] if findings and verdict in ("warning", "critical") else None
    reservation = _reservation(watches, kinds, [each for _, each in judged_by]) if records else ""
    return Assessment(
        verdict=verdict,
        records=records,
        wanted=RECORDS,
        reservation=reservation,
        headline=_headline(verdict, named, records, len(judged), reservation),
        named=named,
        symptoms=tuple(symptom.id for symptom in symptoms if symptom.id in judged),
        not_judged=left_out,
        closest=_closest(judged_by),
    )


def ranks(assessments: Sequence[Assessment]) -> list[int]:
    """Each run's place in the order of urgency, 0 for the one to look at first.

    The worst verdict comes first, of equals the one that went wrong first; else the given order holds.
    """
    order = sorted(range(len(assessments)), key=lambda index: _urgency(assessments[index]))
    found = [0] * len(order)
    for rank, index in enumerate(order):
        found[index] = rank
    return found


def _urgency(assessment: Assessment) -> tuple[int, int]:
    named = assessment.named
    return VERDICTS.index(assessment.verdict), 0 if named is None else named.order[1]


def _headline(verdict: Verdict, named: Finding | None, records: int, judged: int, reservation: str) -> str:
    if verdict == "unknown":
        return "No record of this run can be read."
    if named is not None:
        over = "" if named.resolved_step is None else f" Resolved at step {named.resolved_step:,}."
        return named.message + over
    if verdict == "too early":
        said = f"Too early to say: {records} of {RECORDS} records"
    else:
        said = f"Healthy by {judged} symptom{'' if judged == 1 else 's'} over {records:,} records"
    return f"{said}; {reservation}." if reservation else f"{said}."


def _has_judged(watch: Watch) -> bool:
    """Whether it has measured a value of any row, or found something without."""
    return not watch.failure and bool(np.isfinite(watch.course.value).any() or watch.ill().size)


def _why_not(symptom: type[AnySymptom], watches: Sequence[Watch], kinds: set[Kind]) -> str:
    own = [watch for watch in watches if watch.rule.id == symptom.id]
    if not own:
        return "switched off by the rules"
    failures = [watch.failure for watch in own if watch.failure]
    if failures:
        return failures[0]
    missing = _missing(symptom, kinds)
    if missing:
        return _not_recorded(missing)
    if any(watch.rows.size for watch in own):
        return symptom.needs
    reasons = [reason for watch in own for reason, rows in watch.scope.excluded.items() if rows.any()]
    return reasons[0] if reasons else "nothing in this network that it applies to"


def _missing(symptom: type[AnySymptom], kinds: set[Kind]) -> list[Kind]:
    """The kinds that it lacks; none where it has one of those it can judge."""
    return [] if kinds.intersection(symptom.judges) else [kind for kind in symptom.judges if kind in KINDS]


def _reservation(watches: Sequence[Watch], kinds: set[Kind], structures: Sequence[Structure]) -> str:
    thinned = max((each.looked_every for each in structures), default=1)
    watched = f"{ordinal(thinned)} step watched" if thinned > 1 else ""
    return "; ".join(filter(None, (_lacking(watches, kinds), watched)))


def _lacking(watches: Sequence[Watch], kinds: set[Kind]) -> str:
    lacking = {watch.rule.id: missing for watch in watches if (missing := _missing(type(watch.rule), kinds))}
    if not lacking:
        return ""
    missing_kinds = {kind for missing in lacking.values() for kind in missing}
    count = len(lacking)
    symptoms = "1 symptom" if count == 1 else f"{count} symptoms"
    return f"{_not_recorded([kind for kind in KINDS if kind in missing_kinds])}, {symptoms} not judged"


def _not_recorded(kinds: Sequence[Kind]) -> str:
    """``no loss recorded``, ``no gradients, updates and loss recorded``."""
    words = [KINDS[kind] for kind in kinds]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"no {listed} recorded"


def _closest(judged_by: Sequence[tuple[Watch, Structure]]) -> Closest | None:
    near = [each for watch, structure in judged_by if (each := _near(watch, structure)) is not None]
    return max(near, key=lambda each: each[0])[1] if near else None


def _near(watch: Watch, structure: Structure) -> tuple[float, Closest] | None:
    """Of a rule's rows without a finding the one nearest to the limit, and its share of it."""
    rule, value, threshold = watch.rule, watch.course.value, watch.rule.limits.threshold
    if threshold <= 0 or not value.size or watch.failure:
        return None
    with np.errstate(all="ignore"):
        share = threshold / value if rule.direction == "below" else value / threshold
    share = np.where((share >= 0) & (share <= 1), share, -1.0)
    share[watch.ill()] = -1
    place = int(share.argmax())
    row = structure.rows[watch.rows[place]]
    closest = Closest(
        symptom=rule.id,
        kind=row.kind,
        tensor=row.tensor,
        value=float(value[place]),
        threshold=float(threshold),
        unit=rule.unit,
        direction=rule.direction,
    )
    return None if share[place] < 0 else (float(share[place]), closest)
