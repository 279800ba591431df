"""The report `gradhealth.report/1` as values: every run's verdict, findings and problems.

Its JSON is a contract with pipelines: fields are added, never renamed or removed.
"""

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from operator import attrgetter, itemgetter
from typing import Final, Literal, TypeVar

from tb_gradhealth.events import Problem
from tb_gradhealth.health import (
    Assessment,
    Finding,
    NotJudged,
    Severity,
    SymptomState,
    Verdict,
    at_least,
    finding_as_json,
    urgency_ranks,
)
from tb_gradhealth.monitor import MonitoredRun, Snapshot
from tb_gradhealth.report.audit import Audit
from tb_gradhealth.report.chart_points import MAX_CHARTED, ChartPoints, chart_points, loss_courses
from tb_gradhealth.report.incidents import Incident, incidents_of
from tb_gradhealth.report.overview import contents_of, verdict_of_all

SCHEMA: Final = "gradhealth.report/1"

Change = Literal["new", "worse", "known"]
"""A finding in comparison with an earlier report: a worse one has a higher severity than it had there."""


@dataclass(frozen=True)
class RunReport:
    """The report of one run.

    Attributes:
        run: its name, as in TensorBoard.
        verdict: the run in one word.
        verdict_text: the verdict with its reservation.
        headline: the run in a sentence.
        reservation: what the verdict could not take into account; empty where nothing is missing.
        not_judged: the symptoms that were not judged, and why.
        last_step: the latest recorded step, None without records.
        records: number of judged records.
        tensors: number of measured tensors.
        findings: the most urgent incident first, each with its likely origin first.
        problems: what could not be read.
        notes: remarks that are no problems, such as a file that is still being written.
        states: why each symptom of each tensor is, or is not, flagged; empty where it was not requested.
        changes: by finding id, the change since an earlier report; empty where there is none to compare with.
        gone: messages of the earlier report's findings that are not among these.
        incidents: the findings in groups with a description, in the same order.
        charts: the points of the charts of the first incidents, by the incident's id; empty where they were
            not requested.
        hparams: the hyper-parameters by name; empty where none were recorded.
    """

    run: str
    verdict: Verdict
    verdict_text: str
    headline: str
    reservation: str
    not_judged: tuple[NotJudged, ...]
    last_step: int | None
    records: int
    tensors: int
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    states: tuple[SymptomState, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    charts: Mapping[str, ChartPoints] = field(default_factory=dict)
    hparams: Mapping[str, object] = field(default_factory=dict)

    def failing(self, fail_on: Severity) -> list[Finding]:
        """The findings of this severity or worse that are neither muted nor known from an earlier report."""
        return [
            finding
            for finding in self.findings
            if at_least(finding.severity, fail_on)
            and not finding.muted
            and self.changes.get(finding.id) != "known"
        ]


@dataclass(frozen=True)
class Report:
    """The report of a log directory, with the most urgent run first.

    ``problems`` are those that belong to no run; ``audit`` is there where it was requested.
    """

    runs: tuple[RunReport, ...]
    problems: tuple[Problem, ...]
    audit: Audit | None = None

    @property
    def verdict(self) -> str:
        """The verdict of all runs in a sentence."""
        return verdict_of_all(self.runs)

    def contents(self, *, audited: bool) -> str:
        """What the report is about and what it contains, in sentences.

        Args:
            audited: whether the format shows the audit.
        """
        return contents_of(self, audited=audited)

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values, without NaN."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "contents": self.contents(audited=self.audit is not None),
            "runs": [
                {
                    "run": run.run,
                    "verdict": run.verdict,
                    "headline": run.headline,
                    "reservation": run.reservation,
                    "not_judged": [asdict(each) for each in run.not_judged],
                    "last_step": run.last_step,
                    "records": run.records,
                    "tensors": run.tensors,
                    "findings": [
                        {**finding_as_json(finding), **_change(run, finding)} for finding in run.findings
                    ],
                    "incidents": [incident.as_json() for incident in run.incidents],
                    **({"gone": list(run.gone)} if run.gone else {}),
                    **({"hparams": _hparams(run.hparams)} if run.hparams else {}),
                    "problems": [asdict(problem) for problem in run.problems],
                    "notes": [asdict(note) for note in run.notes],
                    **({"states": [_state(state) for state in run.states]} if run.states else {}),
                }
                for run in self.runs
            ],
            "problems": [asdict(problem) for problem in self.problems],
            **({} if self.audit is None else {"audit": asdict(self.audit)}),
        }


def _change(run: RunReport, finding: Finding) -> dict[str, object]:
    return {"change": run.changes[finding.id]} if finding.id in run.changes else {}


def _hparams(hparams: Mapping[str, object]) -> dict[str, object]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in hparams.items()
    }


def _state(state: SymptomState) -> dict[str, object]:
    value = state.value if math.isfinite(state.value) else None
    return {**asdict(state), "value": value}


@dataclass(frozen=True)
class JudgedRun:
    """What a report of many runs takes from one of them: its own report, and the assessment that ranks it.

    It has no history, so it is small, and processes can exchange it.
    """

    report: RunReport
    assessment: Assessment

    @classmethod
    def of(
        cls,
        run: MonitoredRun,
        *,
        explain: bool = False,
        charts: bool = False,
        hparams: Mapping[str, object] | None = None,
    ) -> "JudgedRun":
        """Take it from a run that was read.

        Args:
            run: the run.
            explain: see `report_of`.
            charts: see `report_of`.
            hparams: its hyper-parameters.
        """
        return cls(_run_report(run, explain, charts, hparams or {}), run.health.assessment())


def report_of(
    snapshot: Snapshot,
    explain: bool = False,
    names: Collection[str] | None = None,
    *,
    charts: bool = False,
    hparams: Mapping[str, Mapping[str, object] | None] | None = None,
) -> Report:
    """The report of what a monitor has read.

    Args:
        snapshot: what it has read.
        explain: whether to include why each symptom of each tensor is, or is not, flagged.
        names: the runs to include; all where None.
        charts: whether to include the points of the incidents' charts, see `Format`.
        hparams: hyper-parameters by the run's name.
    """
    runs = [
        JudgedRun.of(run, explain=explain, charts=charts, hparams=(hparams or {}).get(name))
        for name, run in snapshot.runs.items()
        if names is None or name in names
    ]
    return report_of_runs(runs, snapshot.problems, snapshot.missing, snapshot.other_runs)


def report_of_runs(
    runs: Iterable[JudgedRun], problems: Iterable[Problem], missing: Iterable[str], other_runs: int
) -> Report:
    """The report of runs that were judged one by one.

    Args:
        runs: the runs with data of the plugin, sorted by name.
        problems: those that belong to none of these runs.
        missing: log directories that do not exist, as given.
        other_runs: number of runs that have event files without data of the plugin.
    """
    ordered = by_urgency(runs, attrgetter("assessment"))
    nothing = _nothing_there(missing, bool(ordered), other_runs)
    return Report(_with_first_charts(run.report for run in ordered), (*problems, *nothing))


def _with_first_charts(runs: Iterable[RunReport]) -> tuple[RunReport, ...]:
    """The runs with the charts of the first `MAX_CHARTED` incidents of all."""
    left, result = MAX_CHARTED, []
    for run in runs:
        charts = dict(itertools.islice(run.charts.items(), left))
        left -= len(charts)
        result.append(run if len(charts) == len(run.charts) else replace(run, charts=charts))
    return tuple(result)


Ranked = TypeVar("Ranked")


def by_urgency(runs: Iterable[Ranked], assessment: Callable[[Ranked], Assessment]) -> list[Ranked]:
    """The runs with the most urgent first; equally urgent ones keep their order."""
    runs = list(runs)
    ranks = urgency_ranks([assessment(run) for run in runs])
    return [run for _, run in sorted(zip(ranks, runs, strict=True), key=itemgetter(0))]


def _run_report(run: MonitoredRun, explain: bool, charts: bool, hparams: Mapping[str, object]) -> RunReport:
    health = run.health
    summary, assessment, findings = health.summary(), health.assessment(), health.findings()
    incidents = incidents_of(findings, loss_courses(health, findings), summary.last_step)
    return RunReport(
        run=run.name,
        verdict=assessment.verdict,
        verdict_text=assessment.verdict_text,
        headline=assessment.headline,
        reservation=assessment.reservation,
        not_judged=assessment.not_judged,
        last_step=summary.last_step,
        records=summary.records,
        tensors=summary.tensors,
        findings=findings,
        problems=run.problems(),
        notes=run.unfinished(),
        states=tuple(health.states()) if explain else (),
        incidents=incidents,
        charts=chart_points(health, incidents[:MAX_CHARTED]) if charts else {},
        hparams=dict(sorted(hparams.items())),
    )


def _nothing_there(missing: Iterable[str], any_runs: bool, other_runs: int) -> tuple[Problem, ...]:
    absent = tuple(Problem(path, None, "does not exist") for path in missing)
    if absent or any_runs:
        return absent
    if other_runs:
        return (
            Problem(
                "",
                None,
                f"{other_runs} run(s) with event files, but none was written with tb_gradhealth: "
                "add gradhealth.KerasCallback(log_dir) or gradhealth.summary() to the training",
            ),
        )
    return (Problem("", None, "no event files below this directory"),)
