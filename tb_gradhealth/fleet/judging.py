"""Judges one run from its files: the same values in give the same values out, in any process."""

from collections.abc import Sequence
from dataclasses import dataclass

from tb_gradhealth.events import EventFile, HParamsReader, Problem
from tb_gradhealth.health import RuleSet
from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.report import JudgedRun, ReadFile, read_files_of


class FleetError(RuntimeError):
    """The runs cannot be judged by these workers; the message is a sentence for the user."""


@dataclass(frozen=True)
class RunFiles:
    """A run as the listing found it.

    Attributes:
        name: TensorBoard's name of the run.
        files: its event files, in order.
        sessions: the files of the runs around it, which may have its hyper-parameters.
    """

    name: str
    files: tuple[EventFile, ...]
    sessions: tuple[tuple[EventFile, ...], ...] = ()


@dataclass(frozen=True)
class Settings:
    """How all runs are judged.

    Attributes:
        rules: the rule set.
        explain: whether a report includes why each symptom of each tensor is, or is not, flagged.
        audit: whether the files that were read are hashed.
        charts: whether a report includes the points of the incidents' charts.
        hparams: whether it includes the hyper-parameters.
    """

    rules: RuleSet
    explain: bool = False
    audit: bool = False
    charts: bool = False
    hparams: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was found in one run.

    Attributes:
        name: the run's name.
        judged: its report; None where its files have no data of the plugin.
        problems: what could not be read of a run without data of the plugin.
        files: the files that were read, with their hashes, if those were requested.
    """

    name: str
    judged: JudgedRun | None
    problems: tuple[Problem, ...] = ()
    files: tuple[ReadFile, ...] = ()


def judge(run: RunFiles, settings: Settings) -> Outcome:
    """Read and judge one run; its history is freed on return.

    The history may take the memory of a single run, however many runs there are: with a smaller budget, a
    training that went back in steps would be judged from fewer points beside others than alone.
    """
    monitored = MonitoredRun(run.name, rules=settings.rules)
    monitored.read(run.files)
    if not monitored.has_plugin_data:
        return Outcome(run.name, None, monitored.problems())
    files = read_files_of(monitored) if settings.audit else ()
    hparams = HParamsReader().read_first((run.files, *run.sessions)) if settings.hparams else None
    judged = JudgedRun.of(monitored, explain=settings.explain, charts=settings.charts, hparams=hparams)
    return Outcome(run.name, judged, files=files)


def judge_all(runs: Sequence[RunFiles], settings: Settings) -> list[Outcome]:
    """Judge some runs, one after the other."""
    return [judge(run, settings) for run in runs]


def not_judged(run: RunFiles, reason: str, settings: Settings) -> Outcome:
    """The outcome of a run that no worker could judge: unknown, with the reason as a problem of its files."""
    problems = [Problem(file.shown, None, reason) for file in run.files]
    return Outcome(run.name, JudgedRun.of(MonitoredRun(run.name, *problems, rules=settings.rules)))
