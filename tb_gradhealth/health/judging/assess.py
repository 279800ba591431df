"""Sums a run up: its verdict, what was judged and what was not, and what comes closest to a finding."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from tb_gradhealth.health.judging.rule_runner import Watch
from tb_gradhealth.health.judging.stream import RECORDS
from tb_gradhealth.health.protocol import AnySymptom, Structure
from tb_gradhealth.health.results import (
    Assessment,
    Closest,
    Finding,
    NotJudged,
    headline_of,
    ordinal,
    verdict_of,
)
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
        headline=headline_of(verdict, named, records, RECORDS, len(judged), reservation),
        named=named,
        symptoms=tuple(symptom.id for symptom in symptoms if symptom.id in judged),
        not_judged=left_out,
        closest=_closest(judged_by),
    )


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
