"""The state of every symptom of every tensor: flagged or not, and the reason."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Mask
from tb_gradhealth.health.judging.rule_runner import RuleRunner
from tb_gradhealth.health.protocol import NO_GRADIENT, Structure
from tb_gradhealth.health.results import SEVERITIES, Condition, SymptomState
from tb_gradhealth.record import Kind, Row

FROZEN: Final = "it is not trained: no gradient is asked for"


def symptom_states(runner: RuleRunner, structure: Structure, skipping: bool) -> Iterator[SymptomState]:
    """The states of every row that a symptom judges or leaves out.

    Args:
        runner: the symptom's runner.
        structure: the rows.
        skipping: the loss scaler skipped every step since the record before the last.
    """
    judged = set(runner.rows[runner.scope.judged[runner.rows]].tolist())
    for index, row in enumerate(runner.rows.tolist()):
        if row in judged:
            yield _judged(runner, index, structure.rows[row], skipping)
    for reason, rows in runner.scope.excluded.items():
        for row in np.flatnonzero(rows).tolist():
            yield _not_judged(runner, structure.rows[row], "excluded", reason)
    for row in np.flatnonzero(_without_numbers(runner, structure)).tolist():
        reason = structure.rows[row].not_measured
        condition: Condition = "no gradient" if reason == NO_GRADIENT else "not measured"
        yield _not_judged(runner, structure.rows[row], condition, reason)
    for row in np.flatnonzero(_frozen(runner, structure)).tolist():
        yield _not_judged(runner, structure.rows[row], "frozen", FROZEN)


def _judged(runner: RuleRunner, index: int, row: Row, skipping: bool) -> SymptomState:
    states, threshold = runner.finding_states, runner.rule.limits.threshold
    value = float(states.newest_value[index])
    if runner.failure:
        return _state(runner, row, "not measured", runner.failure, value)
    if states.is_open[index]:
        severity = SEVERITIES[int(states.severity[index])]
        lowered = states.level[index] > states.severity[index]
        reason = f"it crossed {threshold:g}" + ("; lowered because the loss improves" if lowered else "")
        return _state(runner, row, severity, reason, value)
    if np.isnan(value):
        if skipping and row.kind in ("gradient", "update"):
            return _state(runner, row, "skipped by the loss scaler", "its last steps were skipped", value)
        return _state(runner, row, "not measured", runner.rule.needs, value)
    if states.breaches[index]:
        return _state(runner, row, "ok", "beyond its threshold, but not for long enough to say so", value)
    return _state(runner, row, "ok", "", value)


def _not_judged(runner: RuleRunner, row: Row, condition: Condition, reason: str) -> SymptomState:
    return _state(runner, row, condition, reason, float("nan"))


def _state(runner: RuleRunner, row: Row, condition: Condition, reason: str, value: float) -> SymptomState:
    rule = runner.rule
    return SymptomState(
        rule.id, row.kind, row.tensor, row.layer, condition, reason, value, rule.limits.threshold
    )


def _kinds(runner: RuleRunner, structure: Structure) -> set[Kind]:
    """The kinds of rows that a symptom judges or excludes."""
    rows = runner.scope.judged.copy()
    for excluded in runner.scope.excluded.values():
        rows |= excluded
    return {structure.rows[row].kind for row in np.flatnonzero(rows).tolist()}


def _without_numbers(runner: RuleRunner, structure: Structure) -> Mask:
    """Rows of its kinds that hold no numbers and that it does not judge."""
    kinds = _kinds(runner, structure)
    found = [bool(row.not_measured) and row.kind in kinds for row in structure.rows]
    return np.array(found, bool) & ~runner.scope.judged


def _frozen(runner: RuleRunner, structure: Structure) -> Mask:
    """Weights without a gradient row, for symptoms that judge gradients or updates."""
    none = np.zeros(len(structure.rows), bool)
    if not _kinds(runner, structure) & {"gradient", "update"} or not structure.kinds["gradient"].any():
        return none
    return structure.kinds["weight"] & (structure.counterparts["gradient"] < 0)
