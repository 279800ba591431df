"""The state of all runs as values, which are shown and compared without the monitor's lock."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.monitor import MonitoredRun, Snapshot
from tb_gradhealth.report import Report, RunReport, report_of

MAX_LOSSES: Final = 64
"""Losses of a run that are kept, which is more than a sparkline has characters."""


@dataclass(frozen=True)
class RunState:
    """One run.

    Attributes:
        report: its verdict, findings and problems.
        last_time: when the latest record was written, seconds since 1970; None without records.
        losses: losses from the first record in memory to the last, evenly chosen; may contain NaN.
        is_loaded: whether it was read to its end once; until then its findings are preliminary.
    """

    report: RunReport
    last_time: float | None
    losses: tuple[float, ...]
    is_loaded: bool

    @property
    def needs_attention(self) -> bool:
        """Whether its verdict is warning or critical, or it cannot be read."""
        return self.report.verdict in ("critical", "warning", "unknown") or bool(self.report.problems)


@dataclass(frozen=True)
class Overview:
    """All runs, the most urgent first.

    Attributes:
        runs: the runs.
        report: the report of the log directory, with the same runs.
        is_loaded: whether all runs were read to their ends once.
        runs_read: number of runs that were.
    """

    runs: tuple[RunState, ...]
    report: Report
    is_loaded: bool
    runs_read: int

    @property
    def sentence(self) -> str:
        """The whole in a sentence, such as ``2 of 6 runs need attention``."""
        if not self.runs:
            return "No runs yet." if self.is_loaded else "Looking for runs ..."
        count, total = sum(run.needs_attention for run in self.runs), len(self.runs)
        runs = "1 run" if total == 1 else f"{total:,} runs"
        verb = "needs" if count <= 1 else "need"
        text = f"{f'{count:,}' if count else 'None'} of {runs} {verb} attention."
        return text if self.is_loaded else f"{text} Reading: {self.runs_read:,} runs are read to the end."


def overview_of(snapshot: Snapshot) -> Overview:
    """The overview of what a monitor has read."""
    report = report_of(snapshot)
    runs = tuple(_state(snapshot.runs[run.run], run) for run in report.runs)
    return Overview(runs, report, snapshot.loaded, snapshot.runs_read)


def _state(run: MonitoredRun, report: RunReport) -> RunState:
    losses = run.health.losses()
    chosen = np.unique(np.linspace(0, len(losses) - 1, min(len(losses), MAX_LOSSES)).astype(int))
    return RunState(
        report, run.health.summary().last_wall_time, tuple(losses[chosen].tolist()), run.is_loaded
    )
