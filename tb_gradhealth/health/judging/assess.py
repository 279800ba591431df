"""Sums up a run: its verdict, what was judged and what was not, and the value closest to its limit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from tb_gradhealth.health.judging.rule_runner import RuleRunner
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
"""Kinds that a verdict lacks where they are not recorded, and their names in its sentence."""


def assess(
    symptoms: Iterable[type[AnySymptom]],
    judged_by: Sequence[tuple[RuleRunner, Structure]],
    findings: Sequence[Finding],
    records: int,
    enough: bool,
) -> Assessment:
    """Sum up a run.

    Args:
        symptoms: the symptom table.
        judged_by: the runners of all recorders, of the enabled symptoms, each with the rows of its history.
        findings: sorted, the most urgent first.
        records: number of judged records.
        enough: whether they are enough for a verdict.
    """
    runners = [runner for runner, _ in judged_by]
    kinds = {
        kind for _, structure in judged_by for kind, measured in structure.kinds.items() if measured.any()
    }
    judged = {runner.rule.id for runner in runners if _has_judged(runner)}
    not_judged = tuple(
        NotJudged(symptom.id, symptom.title, _why_not(symptom, runners, kinds))
        for symptom in symptoms
        if symptom.id not in judged
    )
    verdict = verdict_of(findings, records, enough)
    named = findings[0] if findings and verdict in ("warning", "critical") else None
    structures = [structure for _, structure in judged_by]
    reservation = _reservation(runners, kinds, structures) if records else ""
    return Assessment(
        verdict=verdict,
        records=records,
        records_needed=RECORDS,
        reservation=reservation,
        headline=headline_of(verdict, named, records, RECORDS, len(judged), reservation),
        named=named,
        symptoms=tuple(symptom.id for symptom in symptoms if symptom.id in judged),
        not_judged=not_judged,
        closest=_closest(judged_by),
    )


def _has_judged(runner: RuleRunner) -> bool:
    """Whether it has measured a value of any row, or has a finding without a current value."""
    measured = np.isfinite(runner.finding_states.newest_value).any()
    return not runner.failure and bool(measured or runner.flagged().size)


def _why_not(symptom: type[AnySymptom], runners: Sequence[RuleRunner], kinds: set[Kind]) -> str:
    own = [runner for runner in runners if runner.rule.id == symptom.id]
    if not own:
        return "switched off by the rules"
    failures = [runner.failure for runner in own if runner.failure]
    if failures:
        return failures[0]
    missing = _missing(symptom, kinds)
    if missing:
        return _not_recorded(missing)
    if any(runner.rows.size for runner in own):
        return symptom.needs
    reasons = [reason for runner in own for reason, rows in runner.scope.excluded.items() if rows.any()]
    return reasons[0] if reasons else "nothing in this network that it applies to"


def _missing(symptom: type[AnySymptom], kinds: set[Kind]) -> list[Kind]:
    """The kinds that a symptom lacks; none where one that it can judge is recorded."""
    return [] if kinds.intersection(symptom.judges) else [kind for kind in symptom.judges if kind in KINDS]


def _reservation(runners: Sequence[RuleRunner], kinds: set[Kind], structures: Sequence[Structure]) -> str:
    every = max((structure.watched_every for structure in structures), default=1)
    watched = f"{ordinal(every)} step watched" if every > 1 else ""
    return "; ".join(filter(None, (_missing_kinds(runners, kinds), watched)))


def _missing_kinds(runners: Sequence[RuleRunner], kinds: set[Kind]) -> str:
    by_symptom = {
        runner.rule.id: missing for runner in runners if (missing := _missing(type(runner.rule), kinds))
    }
    if not by_symptom:
        return ""
    missing_kinds = {kind for missing in by_symptom.values() for kind in missing}
    count = len(by_symptom)
    symptoms = "1 symptom" if count == 1 else f"{count} symptoms"
    return f"{_not_recorded([kind for kind in KINDS if kind in missing_kinds])}, {symptoms} not judged"


def _not_recorded(kinds: Sequence[Kind]) -> str:
    """``no loss recorded``, ``no gradients, updates and loss recorded``."""
    words = [KINDS[kind] for kind in kinds]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"no {listed} recorded"


def _closest(judged_by: Sequence[tuple[RuleRunner, Structure]]) -> Closest | None:
    candidates = [_closest_row(runner, structure) for runner, structure in judged_by]
    found = [candidate for candidate in candidates if candidate is not None]
    return max(found, key=lambda candidate: candidate[0])[1] if found else None


def _closest_row(runner: RuleRunner, structure: Structure) -> tuple[float, Closest] | None:
    """The row without a finding that is closest to its limit, and the share of the limit it reaches."""
    rule, value, threshold = runner.rule, runner.finding_states.newest_value, runner.rule.limits.threshold
    if threshold <= 0 or not value.size or runner.failure:
        return None
    with np.errstate(all="ignore"):
        share = threshold / value if rule.direction == "below" else value / threshold
    share = np.where((share >= 0) & (share <= 1), share, -1.0)
    share[runner.flagged()] = -1
    index = int(share.argmax())
    row = structure.rows[runner.rows[index]]
    closest = Closest(
        symptom=rule.id,
        kind=row.kind,
        tensor=row.tensor,
        value=float(value[index]),
        threshold=float(threshold),
        unit=rule.unit,
        direction=rule.direction,
    )
    return None if share[index] < 0 else (float(share[index]), closest)
