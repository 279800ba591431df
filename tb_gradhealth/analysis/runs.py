"""The runs of a log directory, judged, with access to their statistics."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tb_gradhealth.analysis.reading import read_records, read_steps
from tb_gradhealth.analysis.statistics import Statistics, optional
from tb_gradhealth.events import EventFile, Root, RunReader
from tb_gradhealth.health import Assessment, Finding, RuleSet, finding_as_json
from tb_gradhealth.monitor import Monitor, MonitoredRun
from tb_gradhealth.record import KINDS, Epoch, Row
from tb_gradhealth.record.columns import STATISTICS
from tb_gradhealth.rules import DEFAULT
from tb_gradhealth.rules import load as load_rules

if TYPE_CHECKING:
    import pandas as pd


def load(logdir: str | PathLike[str], rules: str | RuleSet = DEFAULT) -> "Runs":
    """Read and judge the runs of a log directory.

    Example::

        runs = gradhealth.load("logs")
        for name, run in runs.items():
            print(name, run.verdict, run.headline)
        gradients = runs["mlp_sigmoid"].statistics("gradient", ["rms"])
        gradients["rms"]              # float32 [steps, tensors]

    Args:
        logdir: the directory that TensorBoard is pointed at, or an address of object storage.
        rules: a preset, the path of a rule file, or a rule set; as ``gradhealth check --rules``.

    Raises:
        FileNotFoundError: the directory does not exist.
        RulesError: the rules cannot be used.
    """
    rule_set = rules if isinstance(rules, RuleSet) else load_rules(rules)
    monitor = Monitor([Root(str(logdir))], rule_set)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        if snapshot.missing:
            raise FileNotFoundError(f"{logdir} does not exist")
        return Runs({name: Run(run, monitor.files(name)) for name, run in snapshot.runs.items()})


class Run:
    """One run, as it was when it was loaded; statistics are read from its files when they are asked for.

    Attributes:
        name: as in TensorBoard.
        findings: the most urgent incident first.
        assessment: the run at a glance.
        tensors: the description of every measured row.
        problems: what could not be read, one sentence each.
    """

    def __init__(self, run: MonitoredRun, files: Sequence[EventFile]) -> None:
        self.name = run.name
        self.findings: tuple[Finding, ...] = run.health.findings()
        self.assessment: Assessment = run.health.assessment()
        self.tensors: tuple[Row, ...] = tuple(
            row for history in run.health.histories() for row in history.rows
        )
        self.problems = tuple(f"{problem.path}: {problem.message}" for problem in run.problems())
        self._files = tuple(files)

    @property
    def verdict(self) -> str:
        """``healthy``, ``too early``, ``warning``, ``critical`` or ``unknown``."""
        return self.assessment.verdict

    @property
    def headline(self) -> str:
        """The verdict as a sentence."""
        return self.assessment.headline

    def statistics(self, kind: str, names: Sequence[str] = STATISTICS) -> Statistics:
        """Statistics of all tensors of a kind, of every record.

        Args:
            kind: ``"gradient"``, ``"weight"``, ``"update"``, ``"activation"``, ``"loss"`` and so on.
            names: of the statistics; by default all.

        Raises:
            ValueError: there is no such kind or statistic; the message lists those there are.
        """
        _check(kind, KINDS, "kind")
        for name in names:
            _check(name, STATISTICS, "statistic")
        return read_records(self._files, kind, names)

    def steps(self, kind: str) -> Statistics:
        """The flight recorder's number of each tensor of a kind, for the steps that it wrote.

        It is the largest |x| (``"peak_max"``) of activations, and the RMS (``"rms"``) of all other kinds.

        Raises:
            ValueError: there is no such kind.
        """
        _check(kind, KINDS, "kind")
        return read_steps(self._files, kind, "peak_max" if kind == "activation" else "rms")

    def epochs(self) -> dict[str, npt.NDArray[np.float64]]:
        """What was reported of each epoch, float64 [epochs] by name, with its last step as ``"step"``.

        NaN where an epoch lacks a value.
        """
        epochs: list[Epoch] = []
        for content in RunReader().read(self._files):
            if isinstance(content, Epoch):
                while epochs and epochs[-1].step >= content.step:
                    epochs.pop()
                epochs.append(content)
        names = dict.fromkeys(name for epoch in epochs for name in epoch.values)
        values = {name: [epoch.values.get(name, np.nan) for epoch in epochs] for name in names}
        columns: dict[str, Any] = {"step": [epoch.step for epoch in epochs], **values}
        return {name: np.array(column, np.float64) for name, column in columns.items()}

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {self.verdict}, {len(self.findings)} findings)"


class Runs(Mapping[str, Run]):
    """The runs of a log directory by name."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = dict(runs)

    def __getitem__(self, name: str) -> Run:
        if name not in self._runs:
            raise KeyError(f"there is no run {name!r}; there are {', '.join(self._runs) or 'none'}")
        return self._runs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def findings(self) -> "pd.DataFrame":
        """All findings of all runs as a data frame, one row each, with the run's name in front.

        Raises:
            ImportError: pandas is not installed.
        """
        rows = [
            {"run": name, **finding_as_json(finding)}
            for name, run in self._runs.items()
            for finding in run.findings
        ]
        return optional("pandas").DataFrame(rows)

    def __repr__(self) -> str:
        return f"Runs({list(self._runs.values())!r})"


def _check(value: str, allowed: Sequence[str], what: str) -> None:
    if value not in allowed:
        raise ValueError(f"{value!r} is no {what}; there are {', '.join(allowed)}")
