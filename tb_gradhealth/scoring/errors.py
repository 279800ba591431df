"""The runs with misses or false alarms, each with its label and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tb_gradhealth.scoring.case import Case
from tb_gradhealth.scoring.observation import Observation
from tb_gradhealth.scoring.scoreboard import Scoreboard


@dataclass(frozen=True)
class RunErrors:
    """A run with misses or false alarms.

    Attributes:
        run: its name.
        label: healthy, the symptoms that must be found, or neither.
        missed: symptoms that must be found and were not, with the severity they were reported with.
        alarms: false alarms, with severity, step and layers.
        found: all reported symptoms, with severity and step.
    """

    run: str
    label: str
    missed: tuple[str, ...]
    alarms: tuple[str, ...]
    found: tuple[str, ...]


def run_errors(
    cases: Sequence[Case], observations: Mapping[str, Observation], board: Scoreboard
) -> list[RunErrors]:
    """The runs of a board with a miss or a false alarm, in the order of the cases."""
    missed: dict[str, list[str]] = {}
    for miss in board.misses:
        missed.setdefault(miss.run, []).append(f"{miss.symptom} (told as {miss.seen or 'nothing'})")
    alarms: dict[str, list[str]] = {}
    for alarm in board.false_alarms:
        layers = ", ".join(layer for layer in alarm.layers if layer)
        where = f"step {alarm.step:,}" + (f": {layers}" if layers else "")
        alarms.setdefault(alarm.run, []).append(f"{alarm.symptom} ({alarm.severity}, {where})")
    return [
        RunErrors(
            run=case.name,
            label=_label(case),
            missed=tuple(missed.get(case.name, ())),
            alarms=tuple(alarms.get(case.name, ())),
            found=_found(observations[case.name]),
        )
        for case in cases
        if case.name in missed or case.name in alarms
    ]


def _label(case: Case) -> str:
    if case.healthy:
        return "healthy"
    faults = ", ".join(f"{fault.symptom} since {fault.step or 0:,}" for fault in case.faults)
    return faults or "neither healthy nor broken"


def _found(observation: Observation) -> tuple[str, ...]:
    reports = observation.reports.values()
    return tuple(f"{report.symptom} ({report.severity}, step {report.seen:,})" for report in reports)
