"""Judges the run while it trains: the findings, and two scalars by which HParams can sort runs."""

import time
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tb_gradhealth.capture.guard import Guard
from tb_gradhealth.health import Finding, RuleSet, RunHealth
from tb_gradhealth.record import Epoch, Record, Steps

SCALARS: Final = {"critical": "gradhealth/critical", "warning": "gradhealth/warnings"}
"""Scalar tags by severity. There are only two: a scalar per layer would flood HParams and Time Series."""

PAUSE_FACTOR: Final = 1000
"""Judging pauses for this many times as long as it took..."""

GUARDED_PAUSE_FACTOR: Final = 200
"""...or for this many times where somebody acts on the findings: it then takes at most 0.5 % of the time."""


class RunVerdict:
    """The findings of the records so far. If judging raises, it warns once and ends; the training goes on."""

    def __init__(self, rules: RuleSet | None = None, guard: Guard | None = None) -> None:
        """Begin a run.

        Args:
            rules: the rules to judge by; the default rules where None.
            guard: is shown the findings of each judgement.
        """
        self._health, self._guard = RunHealth(rules), guard or Guard()
        self._failed = False
        self._observed = False
        self._written_counts: dict[str, int] = {}
        self._next_judgement = 0.0
        self._unjudged = False
        self._was_faulty = False

    def observe_epoch(self, epoch: Epoch) -> None:
        """Add the values of an epoch."""
        self._observe(epoch)

    def observe_steps(self, steps: Steps) -> None:
        """Add the flight recorder's steps."""
        self._observe(steps)

    def observe(self, record: Record, faulty: bool = False) -> dict[str, int]:
        """Add a record, which the next call of `judge` judges.

        Args:
            record: the record.
            faulty: whether it has values that are not finite; if the previous record had none, it is judged
                now.

        Returns:
            The scalars that changed; usually empty. If the previous record is not judged yet, both are
            judged now.
        """
        urgent, self._was_faulty = faulty and not self._was_faulty, faulty
        waiting, self._unjudged = self._unjudged, True
        self._observe(record)
        return self.judge(urgent) if urgent or waiting else {}

    def judge(self, urgent: bool = False) -> dict[str, int]:
        """Judge new records if the pause is over or it is ``urgent``; return the scalars that changed.

        It takes as long as one or several steps of a small network: call it in a step without a record.
        """
        if not self._unjudged:
            return {}
        begin = time.monotonic()
        # While a finding is about to stop the training, each record is judged.
        if begin < self._next_judgement and not urgent and not self._guard.is_waiting:
            return {}
        self._unjudged = False
        counts = self.conclude()
        end = time.monotonic()
        pause = GUARDED_PAUSE_FACTOR if self._guard.is_active else PAUSE_FACTOR
        self._next_judgement = end + pause * (end - begin)
        changed = {tag: count for tag, count in counts.items() if self._written_counts.get(tag) != count}
        self._written_counts = counts
        return changed

    def conclude(self, may_stop: bool = True) -> dict[str, int]:
        """Judge everything observed and show it to the guard.

        Args:
            may_stop: whether the training goes on, so that it can be stopped.

        Returns:
            Number of findings by scalar tag; empty if judging has failed or there is nothing to judge.
        """
        if not self._observed or self._failed:
            return {}
        findings = self.findings()
        self._guard.check(findings, may_stop)
        severities = Counter(finding.severity for finding in findings if not finding.muted)
        return {tag: severities[severity] for severity, tag in SCALARS.items()}  # type: ignore[index]

    def findings(self) -> Sequence[Finding]:
        """The findings so far."""
        return list(self._attempt(lambda health: health.findings()) or [])

    def time_before(self, step: int) -> float:
        """When the last record before a step was written, seconds since the epoch; 0 without one."""
        histories = self._attempt(lambda health: health.histories()) or ()
        records = (
            point.content
            for history in histories
            for point in history.points
            if isinstance(point.content, Record)
        )
        return max((record.wall_time for record in records if record.step < step), default=0.0)

    def _observe(self, content: Record | Epoch | Steps) -> None:
        self._observed = True
        self._attempt(lambda health: health.observe(content))

    def _attempt(self, action: Any) -> Any:
        if self._failed:
            return None
        try:
            return action(self._health)
        except Exception as error:  # no error of a rule may stop the training
            self._failed = True
            warnings.warn(f"tb_gradhealth could not judge this run: {error!r}", RuntimeWarning, stacklevel=3)
            return None
