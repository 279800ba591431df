"""Acts on the findings of a run that `summary` writes: one guard for each writer.

The host's part of `summary` runs within the training step. In an eager loop `summary` itself can raise. In a
`tf.function` it runs in an operation, whose exception would reach the loop as an error of TensorFlow and
leave the step half done, so that the loop asks by `raise_if_unhealthy` between two steps.
"""

import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tb_gradhealth.capture.guard import Guard, StopOn
from tb_gradhealth.capture.run_recorder import has_faults
from tb_gradhealth.capture.writing.verdict import RunVerdict
from tb_gradhealth.record import Record, RowTable, Steps

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

OnFinding = Callable[["Finding"], object]


class SummaryGuard:
    """Judges the records that go to one writer, of all calls of `summary` with a guard."""

    def __init__(self, rules: "RuleSet | None", stop_on: StopOn | None, patience: int) -> None:
        """Create a guard; the arguments are those of `summary`."""
        self.settings = stop_on, patience
        self.on_finding: OnFinding | None = None
        self._guard = Guard(self._report, stop_on, patience)
        self._verdict = RunVerdict(rules, self._guard)

    def observe(self, table: RowTable, values: Any, step: int) -> None:
        """Judge a record that is written, float32 [rows, columns]."""
        self._verdict.observe(Record(step, time.time(), table, values), has_faults(values))
        self._verdict.judge()

    def observe_steps(self, table: RowTable, values: Any, step: int) -> None:
        """Add the flight recorder's steps that are written, float32 [steps, watched]."""
        self._verdict.observe_steps(Steps(step, time.time(), table, values))

    def raise_once(self) -> None:
        """Raise if a finding stops the training; later calls do nothing.

        Raises:
            TrainingUnhealthy: a finding stops the training.
        """
        self._guard.raise_once()

    def _report(self, finding: "Finding") -> None:
        if self.on_finding is not None:
            self.on_finding(finding)


_guards: "weakref.WeakKeyDictionary[Any, SummaryGuard]" = weakref.WeakKeyDictionary()


def guard_of(
    writer: Any,
    rules: "RuleSet | None",
    on_finding: OnFinding | None,
    stop_on: StopOn | None,
    patience: int,
) -> SummaryGuard | None:
    """The guard of a writer, created by the first call that asks for one; None where there is nothing to do.

    Args:
        writer: the summary writer.
        rules: the rules of the first call hold.
        on_finding: replaces that of the call before, as an eager loop may make a new function in each step.
        stop_on: see `Guard`.
        patience: see `Guard`.

    Raises:
        ValueError: ``stop_on`` or ``patience`` is not valid, or differs from that of an earlier call.
    """
    Guard(on_finding, stop_on, patience)  # checks the values
    if on_finding is None and stop_on is None:
        return None
    guard = _guards.get(writer)
    if guard is None:
        guard = _guards[writer] = SummaryGuard(rules, stop_on, patience)
    if guard.settings != (stop_on, patience):
        raise ValueError(
            "stop_on={!r}, stop_patience={!r}: an earlier gradhealth.summary with this writer has "
            "stop_on={!r}, stop_patience={!r}; write the same in all of them".format(
                stop_on, patience, *guard.settings
            )
        )
    guard.on_finding = on_finding
    return guard


def raise_if_unhealthy(writer: Any) -> None:
    """Stop a loop whose `tf.function` calls `gradhealth.summary(..., stop_on=...)`; call it after each step.

    An eager `summary` raises by itself.

    Args:
        writer: the summary writer that is active in the step.

    Raises:
        TrainingUnhealthy: a finding stops the training; once.
        ValueError: no `summary` with ``stop_on`` or ``on_finding`` was called with this writer.
    """
    guard = _guards.get(writer)
    if guard is None:
        raise ValueError(
            "gradhealth.raise_if_unhealthy: no gradhealth.summary(..., stop_on=...) was called with this "
            "writer; call it after the step, with the writer that is active in the step"
        )
    guard.raise_once()
