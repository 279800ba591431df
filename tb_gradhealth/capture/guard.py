"""Acts on findings while the training runs: calls a function, and decides when to stop."""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, Severity

StopOn = Literal["critical", "warning"]

STOP_ON: Final[dict[str, tuple[str, ...]]] = {"critical": ("critical",), "warning": ("critical", "warning")}
"""Severities that stop the training, by the value of ``stop_on``."""

PATIENCE: Final = 3
"""Further records with a breach before an open finding stops the training."""


class TrainingUnhealthy(RuntimeError):  # noqa: N818
    """The training was stopped because of a finding.

    Attributes:
        finding: the finding.
    """

    def __init__(self, finding: "Finding") -> None:
        super().__init__(f"the training is stopped: {finding.message}")
        self.finding = finding


class Guard:
    """What a user wants to happen when there are findings; each judgement asks it once.

    Attributes:
        stopped_by: the finding that stops the training; None as long as it goes on.
    """

    def __init__(
        self,
        on_finding: "Callable[[Finding], object] | None" = None,
        stop_on: StopOn | None = None,
        patience: int = PATIENCE,
    ) -> None:
        """Create a guard.

        Args:
            on_finding: called with each new finding that is not muted, and again when its severity rises. An
                exception in it becomes a warning.
            stop_on: the lowest severity that stops the training; None never stops it.
            patience: further records with a breach, while the finding stays open, before it stops the
                training: a single spike, or a single step that is not finite, does not.

        Raises:
            ValueError: ``stop_on`` or ``patience`` is not valid.
        """
        if stop_on is not None and stop_on not in STOP_ON:
            raise ValueError(f"stop_on={stop_on!r}: write 'critical', 'warning' or None")
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ValueError(f"patience={patience!r}: write a number of records, 0 to stop at once")
        self.stopped_by: Finding | None = None
        self._has_raised = False
        self._on_finding = on_finding
        self._stopping = STOP_ON[stop_on] if stop_on else ()
        self._patience = patience
        # By finding id: the severity that was reported, and the breaches when it was first found open.
        self._reported: dict[str, Severity] = {}
        self._first_breaches: dict[str, int] = {}

    @property
    def is_active(self) -> bool:
        """Whether there is anything to do."""
        return self._on_finding is not None or bool(self._stopping)

    @property
    def is_waiting(self) -> bool:
        """Whether an open finding will stop the training if it persists."""
        return self.stopped_by is None and bool(self._first_breaches)

    def check(self, findings: "Sequence[Finding]", may_stop: bool = True) -> None:
        """Report new findings, and decide whether one stops the training.

        Args:
            findings: all findings so far.
            may_stop: whether the training goes on.
        """
        counted = [finding for finding in findings if not finding.muted]
        if self._on_finding is not None:
            for finding in counted:
                if self._is_news(finding):
                    self._report(finding)
        stopping = [each for each in counted if each.state == "open" and each.severity in self._stopping]
        first = {finding.id: self._first_breaches.get(finding.id, finding.count) for finding in stopping}
        self._first_breaches = first
        if may_stop and self.stopped_by is None:
            persistent = (each for each in stopping if each.count - first[each.id] >= self._patience)
            self.stopped_by = next(persistent, None)

    def raise_once(self) -> None:
        """Raise if a finding stops the training; later calls do nothing.

        Raises:
            TrainingUnhealthy: a finding stops the training.
        """
        if self.stopped_by is not None and not self._has_raised:
            self._has_raised = True
            raise TrainingUnhealthy(self.stopped_by)

    def _is_news(self, finding: "Finding") -> bool:
        from tb_gradhealth.health import at_least

        before = self._reported.get(finding.id)
        self._reported[finding.id] = finding.severity
        return before is None or not at_least(before, finding.severity)

    def _report(self, finding: "Finding") -> None:
        assert self._on_finding is not None
        try:
            self._on_finding(finding)
        except Exception as error:  # the training goes on
            warnings.warn(
                f"on_finding raised {error!r} for {finding.symptom} of {finding.tensor}",
                RuntimeWarning,
                stacklevel=2,
            )
