"""Why a symptom of a tensor is, or is not, flagged: every one that is judged or left out has a state."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Mask
from tb_gradhealth.health.judging.finding_states import NEVER
from tb_gradhealth.health.judging.rule_runner import Watch
from tb_gradhealth.health.loss import Outcome
from tb_gradhealth.health.protocol import NO_GRADIENT, Structure
from tb_gradhealth.health.results import SEVERITIES, Condition, SymptomState
from tb_gradhealth.record import Kind, Row

FROZEN: Final = "it is not trained: no gradient is asked for"


def states_of(watch: Watch, structure: Structure, outcome: Outcome, skipping: bool) -> Iterator[SymptomState]:
    """The states of every row that a symptom judges or leaves out.

    Args:
        watch: the symptom's watch.
        structure: the rows.
        outcome: whether the loss improves.
        skipping: the loss scaler skipped every step since the last record but one.
    """
    judged = set(watch.rows[watch.scope.judged[watch.rows]].tolist())
    for place, row in enumerate(watch.rows.tolist()):
        if row in judged:
            yield _judged(watch, place, structure.rows[row], outcome, skipping)
    for reason, rows in watch.scope.excluded.items():
        for row in np.flatnonzero(rows).tolist():
            yield _left_out(watch, structure.rows[row], "excluded", reason)
    for row in np.flatnonzero(_without_numbers(watch, structure)).tolist():
        described = structure.rows[row]
        missing = described.not_measured == NO_GRADIENT
        yield _left_out(
            watch, described, "no gradient" if missing else "not measured", described.not_measured
        )
    for row in np.flatnonzero(_frozen(watch, structure)).tolist():
        yield _left_out(watch, structure.rows[row], "frozen", FROZEN)


def _judged(watch: Watch, place: int, row: Row, outcome: Outcome, skipping: bool) -> SymptomState:
    course, threshold = watch.course, watch.rule.limits.threshold
    value = float(course.value[place])
    if watch.failure:
        return _state(watch, row, "not measured", watch.failure, value)
    if course.opened[place] != NEVER and course.resolved[place] == NEVER:
        severity = SEVERITIES[int(course.severity[place])]
        lowered = course.level[place] > course.severity[place]
        reason = f"it crossed {threshold:g}" + ("; lowered because the loss improves" if lowered else "")
        return _state(watch, row, severity, reason, value)
    if np.isnan(value):
        if skipping and row.kind in ("gradient", "update"):
            return _state(watch, row, "skipped by the loss scaler", "its last steps were skipped", value)
        return _state(watch, row, "not measured", watch.rule.needs, value)
    if course.breaches[place]:
        return _state(watch, row, "ok", "beyond its threshold, but not for long enough to say so", value)
    return _state(watch, row, "ok", "", value)


def _left_out(watch: Watch, row: Row, state: Condition, reason: str) -> SymptomState:
    return _state(watch, row, state, reason, float("nan"))


def _state(watch: Watch, row: Row, state: Condition, reason: str, value: float) -> SymptomState:
    rule = watch.rule
    return SymptomState(rule.id, row.kind, row.tensor, row.layer, state, reason, value, rule.limits.threshold)


def _kinds(watch: Watch, structure: Structure) -> set[Kind]:
    """The kinds of rows that a symptom is about."""
    about = watch.scope.judged.copy()
    for rows in watch.scope.excluded.values():
        about |= rows
    return {structure.rows[row].kind for row in np.flatnonzero(about).tolist()}


def _without_numbers(watch: Watch, structure: Structure) -> Mask:
    """Rows of its kinds that hold no numbers, as far as it does not judge just that."""
    kinds = _kinds(watch, structure)
    found = [bool(row.not_measured) and row.kind in kinds for row in structure.rows]
    return np.array(found, bool) & ~watch.scope.judged


def _frozen(watch: Watch, structure: Structure) -> Mask:
    """Weights without a gradient row beside them, for symptoms that are about gradients and updates."""
    none = np.zeros(len(structure.rows), bool)
    if not _kinds(watch, structure) & {"gradient", "update"} or not structure.kinds["gradient"].any():
        return none
    return structure.kinds["weight"] & (structure.beside["gradient"] < 0)
