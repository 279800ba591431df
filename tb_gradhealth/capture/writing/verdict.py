"""What the rules say of the run while it trains, as two scalars that HParams can sort runs by."""

import time
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tb_gradhealth.record import Epoch, Record, Steps

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

SCALARS: Final = {"critical": "gradhealth/critical", "warning": "gradhealth/warnings"}
"""Severity to scalar tag. A handful only: a scalar per layer would flood HParams and Time Series."""


PATIENCE: Final = 1000
"""Judging takes at most one part in so many of the training's time."""


class RunVerdict:
    """The findings of the records so far. A rule that fails is told once and costs no training."""

    def __init__(self, rules: "RuleSet | None" = None) -> None:
        """A run of which nothing is known. What judges it is imported now, not in the first step.

        Args:
            rules: how to judge it; the default rules where None.
        """
        self._rules = rules
        self._health: Any = None
        self._failed = False
        self._observed = False
        self._told: dict[str, int] = {}
        self._judge_after = 0.0
        self._unjudged = False
        self._faulty = False
        self._attempt(lambda health: None)

    def observe_epoch(self, epoch: Epoch) -> None:
        """Take in what the training reported."""
        self._take_in(epoch)

    def observe_steps(self, steps: Steps) -> None:
        """Take in the flight recorder's steps."""
        self._take_in(steps)

    def observe(self, record: Record, faulty: bool = False) -> dict[str, int]:
        """Take in a record, which `judge` takes into account when it is called next.

        Args:
            record: the record.
            faulty: whether it holds numbers that are not finite: the first such after others is judged now.

        Returns:
            The scalars that changed. None where nothing was judged, as usual; but a record that comes before
            the one before it was judged has that done now.
        """
        urgent, self._faulty = faulty and not self._faulty, faulty
        waiting, self._unjudged = self._unjudged, True
        self._take_in(record)
        return self.judge(urgent) if urgent or waiting else {}

    def judge(self, urgent: bool = False) -> dict[str, int]:
        """The scalars that changed, as far as something is new and it is time to judge or is ``urgent``.

        It takes as long as a small network's step, or several of them: call it in a step that has no record
        to write.
        """
        if not self._unjudged:
            return {}
        begin = time.monotonic()
        if begin < self._judge_after and not urgent:
            return {}
        self._unjudged = False
        counts = self.scalars()
        end = time.monotonic()
        self._judge_after = end + PATIENCE * (end - begin)
        changed = {tag: count for tag, count in counts.items() if self._told.get(tag) != count}
        self._told = counts
        return changed

    def scalars(self) -> dict[str, int]:
        """Number of findings by scalar tag; empty when the rules failed or nothing was seen."""
        if not self._observed or self._failed:
            return {}
        severities = Counter(finding.severity for finding in self.findings() if not finding.muted)
        return {tag: severities[severity] for severity, tag in SCALARS.items()}  # type: ignore[index]

    def findings(self) -> Sequence["Finding"]:
        """The findings so far."""
        return list(self._attempt(lambda health: health.findings()) or [])

    def _take_in(self, what: Record | Epoch | Steps) -> None:
        self._observed = True
        self._attempt(lambda health: health.observe(what))

    def _attempt(self, action: Any) -> Any:
        if self._failed:
            return None
        try:
            if self._health is None:
                from tb_gradhealth.health import RunHealth

                self._health = RunHealth(self._rules)
            return action(self._health)
        except Exception as error:  # whatever a rule does wrong, the training is worth more
            self._failed = True
            warnings.warn(f"tb_gradhealth could not judge this run: {error!r}", RuntimeWarning, stacklevel=3)
            return None
