"""What the routes say: a monitor's knowledge in the shapes of the HTTP contract (see README.md)."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from tb_gradhealth.events import Problem
from tb_gradhealth.health import SYMPTOMS, Finding, finding_as_json
from tb_gradhealth.health.findings import SEVERITIES
from tb_gradhealth.monitor import MonitoredRun, Watched
from tb_gradhealth.plugin.frames import encode_frame
from tb_gradhealth.version import __version__

Json = dict[str, object]


class NotFoundError(LookupError):
    """What was asked for does not exist; the message is a sentence for the asker."""


def runs_answer(watched: Watched, logdir: str) -> Json:
    """All runs with their verdicts; ``other_runs`` counts those with event files but without our records."""
    return {
        "schema": "gradhealth.runs/1",
        "version": __version__,
        "logdir": logdir,
        "runs": [_run(run) for run in watched.runs.values()],
        "other_runs": watched.other_runs,
        "problems": _problems(watched.problems),
    }


def findings_answer(watched: Watched, wanted: Collection[str]) -> Json:
    """The findings of the wanted runs, or of all where none is named.

    Raises:
        NotFoundError: a wanted run does not exist.
    """
    runs = [_found(watched, name) for name in wanted] if wanted else list(watched.runs.values())
    findings = [_finding(run, finding) for run in runs for finding in run.health.findings()]
    return {"schema": "gradhealth.findings/1", "findings": findings}


def symptoms_answer() -> Json:
    """What each symptom means and what to do about it."""
    return {
        "schema": "gradhealth.symptoms/1",
        "symptoms": [symptom.as_json() for symptom in SYMPTOMS.values()],
    }


def evidence_frame(watched: Watched, name: str, finding_id: str) -> bytes:
    """What stands behind one finding.

    Raises:
        NotFoundError: no such run, or it has no such finding.
    """
    run = _found(watched, name)
    finding = next((each for each in run.health.findings() if each.id == finding_id), None)
    if finding is None:
        raise NotFoundError(f"run {name!r} has no finding {finding_id!r}")
    evidence = run.health.evidence(finding_id)
    header: Json = {
        "schema": "gradhealth.evidence/1",
        "run": name,
        "finding": _finding(run, finding),
        "labels": evidence.labels,
    }
    return encode_frame(header, evidence.columns)


def series_frame(watched: Watched, name: str, kind: str, tensor: str, columns: Sequence[str]) -> bytes:
    """Statistics of one tensor over all records.

    Raises:
        NotFoundError: no such run, or nothing of that kind and tensor in it.
    """
    run = _found(watched, name)
    try:
        series = run.health.series(kind, tensor, columns)
    except KeyError:
        raise NotFoundError(f"run {name!r} has no {kind} of a tensor {tensor!r}") from None
    header: Json = {"schema": "gradhealth.series/1", "run": name, "tensor": tensor, "kind": kind}
    return encode_frame(header, {column: series[column] for column in ("step", *columns)})


def _found(watched: Watched, name: str) -> MonitoredRun:
    if name not in watched.runs:
        raise NotFoundError(f"there is no run {name!r}")
    return watched.runs[name]


def _run(run: MonitoredRun) -> Json:
    summary = run.health.summary()
    severities = [finding.severity for finding in run.health.findings() if not finding.muted]
    return {
        "run": run.name,
        "verdict": run.health.verdict(),
        "last_step": summary.last_step,
        "last_wall_time": _number(summary.last_wall_time),
        "records": summary.records,
        "tensors": summary.tensors,
        "every": summary.every,
        "counts": {severity: severities.count(severity) for severity in reversed(SEVERITIES)},
        "loss": {"first": _number(summary.loss_first), "last": _number(summary.loss_last)},
        "not_measured": [
            {"tensor": row.tensor, "kind": row.kind, "reason": row.not_measured}
            for row in summary.not_measured
        ],
        "problems": _problems(run.problems()),
    }


def _finding(run: MonitoredRun, finding: Finding) -> Json:
    trend: Mapping[str, object] = {
        "trend": [_number(value) for value in run.health.trend(finding.id).tolist()]
    }
    return {"run": run.name, **finding_as_json(finding), **trend}


def _problems(problems: Sequence[Problem]) -> list[Json]:
    return [asdict(problem) for problem in problems]


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
