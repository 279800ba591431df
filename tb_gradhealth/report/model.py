"""The report `gradhealth.report/1`: every run's verdict, findings and problems, as values.

Its JSON is a contract with pipelines: fields are added, never renamed or taken away.
"""

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Final

from tb_gradhealth.events import Problem
from tb_gradhealth.health import Finding, SymptomState, Verdict, finding_as_json
from tb_gradhealth.monitor import MonitoredRun, Watched

SCHEMA: Final = "gradhealth.report/1"


@dataclass(frozen=True)
class RunReport:
    """One run, judged.

    Attributes:
        run: its name, as TensorBoard has it.
        verdict: the run in one word.
        last_step: the latest recorded step, None without records.
        records: recorded steps that were judged.
        tensors: tensors measured.
        findings: in order of their onset.
        problems: what could not be read.
        notes: what is worth knowing and no problem, such as a file that is still being written.
        states: why each symptom of each tensor is, or is not, flagged; empty where nobody asked.
    """

    run: str
    verdict: Verdict
    last_step: int | None
    records: int
    tensors: int
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    states: tuple[SymptomState, ...] = ()


@dataclass(frozen=True)
class Report:
    """A log directory, judged; ``problems`` are those that belong to no run."""

    runs: tuple[RunReport, ...]
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values, without NaN."""
        return {
            "schema": SCHEMA,
            "runs": [
                {
                    "run": run.run,
                    "verdict": run.verdict,
                    "last_step": run.last_step,
                    "records": run.records,
                    "tensors": run.tensors,
                    "findings": [finding_as_json(finding) for finding in run.findings],
                    "problems": [asdict(problem) for problem in run.problems],
                    "notes": [asdict(note) for note in run.notes],
                    **({"states": [_state(state) for state in run.states]} if run.states else {}),
                }
                for run in self.runs
            ],
            "problems": [asdict(problem) for problem in self.problems],
        }


def _state(state: SymptomState) -> dict[str, object]:
    value = state.value if math.isfinite(state.value) else None
    return {**asdict(state), "value": value}


def report_of(watched: Watched, explain: bool = False, names: Collection[str] | None = None) -> Report:
    """What is known, as a report.

    Args:
        watched: that a monitor has read.
        explain: whether to say of every symptom and tensor why it is, or is not, flagged.
        names: the runs to report of; all where None.
    """
    runs = [run for name, run in watched.runs.items() if names is None or name in names]
    return Report(tuple(_run(run, explain) for run in runs), (*watched.problems, *_nothing_there(watched)))


def _run(run: MonitoredRun, explain: bool) -> RunReport:
    summary = run.health.summary()
    return RunReport(
        run=run.name,
        verdict=run.health.verdict(),
        last_step=summary.last_step,
        records=summary.records,
        tensors=summary.tensors,
        findings=run.health.findings(),
        problems=run.problems(),
        notes=run.unfinished(),
        states=tuple(run.health.states()) if explain else (),
    )


def _nothing_there(watched: Watched) -> tuple[Problem, ...]:
    missing = tuple(Problem(path, None, "does not exist") for path in watched.missing)
    if missing or watched.runs:
        return missing
    if watched.other_runs:
        return (
            Problem(
                "",
                None,
                f"{watched.other_runs} run(s) with event files, but none was written with tb_gradhealth: "
                "add gradhealth.KerasCallback(log_dir) or gradhealth.summary() to the training",
            ),
        )
    return (Problem("", None, "no event files below this directory"),)
