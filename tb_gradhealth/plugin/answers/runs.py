"""Formats `runs`, `problems` and `version`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from tb_gradhealth.health import SEVERITIES, Assessment, Finding, RunSummary, urgency_ranks
from tb_gradhealth.monitor import MonitoredRun, RunCache, Snapshot
from tb_gradhealth.plugin.answers.json_values import Json, counts, number, problems_json
from tb_gradhealth.version import __version__

CONTRACT: Final = 1
"""Version of the HTTP contract; added fields do not change it."""


def runs_answer(
    snapshot: Snapshot,
    logdir: str,
    now: float,
    rows: RunCache[Json],
    hparams: Callable[[str], Mapping[str, object] | None],
) -> Json:
    """All runs with their verdicts, and the progress of reading.

    Args:
        snapshot: the runs.
        logdir: the log directory as shown in the tab.
        now: seconds since the epoch.
        rows: the cached `run_row` of each run.
        hparams: returns the hyper-parameters of a run by its name, None where it has none.
    """
    ranked = urgency_ranks([run.health.assessment() for run in snapshot.runs.values()])
    return {
        "schema": "gradhealth.runs/1",
        "version": __version__,
        "logdir": logdir,
        "now": now,
        "loading": _loading(snapshot),
        "runs": [
            {**rows.get(run), "rank": rank, "loading": asdict(run.loading), "hparams": hparams(name)}
            for rank, (name, run) in zip(ranked, snapshot.runs.items(), strict=True)
        ],
        "other_runs": snapshot.other_runs,
        "problems": problems_json(snapshot.problems),
    }


def problems_answer(snapshot: Snapshot, name: str | None) -> Json:
    """What could not be read, of one run or of all; ``run`` is null for problems outside the runs."""
    runs = [snapshot.run(name)] if name is not None else snapshot.select([])
    listed = [
        {"run": run.name, **problem}
        for run in runs
        for problem in problems_json((*run.problems(), *run.unfinished()))
    ]
    if name is None:
        listed += [{"run": None, **problem} for problem in problems_json(snapshot.problems)]
    return {"schema": "gradhealth.problems/1", "problems": listed}


def version_answer() -> Json:
    """The version of the package and of the HTTP contract."""
    return {"schema": "gradhealth.version/1", "version": __version__, "contract": CONTRACT}


def run_row(run: MonitoredRun) -> Json:
    """One run in `runs`, without its rank, reading progress and hyper-parameters."""
    assessment = run.health.assessment()
    summary = run.health.summary()
    findings = run.health.findings()
    unmuted = [finding for finding in findings if not finding.muted]
    return {
        "run": run.name,
        "revision": run.revision,
        "verdict": assessment.verdict,
        "headline": assessment.headline,
        "named": None if assessment.named is None else assessment.named.id,
        "reservation": assessment.reservation,
        "enough": {"records": assessment.records, "wanted": assessment.records_needed},
        "checked": _checked(assessment, summary),
        "first_step": summary.first_step,
        "last_step": summary.last_step,
        "last_wall_time": number(summary.last_wall_time),
        "records": summary.records,
        "tensors": summary.tensors,
        "every": summary.every,
        "counts": counts(findings),
        "incidents": len({finding.incident for finding in unmuted}),
        "symptoms": _worst_severities(unmuted),
        "loss": {
            "first": number(summary.loss_first),
            "last": number(summary.loss_last),
            "non_finite_since": summary.loss_bad_since,
        },
        "not_measured": [
            {"tensor": row.tensor, "kind": row.kind, "reason": row.not_measured}
            for row in summary.not_measured
        ],
        "problems": problems_json(run.problems()),
    }


def _checked(assessment: Assessment, summary: RunSummary) -> Json:
    """What was judged, which the tab shows of a run without findings."""
    closest = assessment.closest
    return {
        "tensors": summary.tensors,
        "records": summary.records,
        "first_step": summary.first_step,
        "last_step": summary.last_step,
        "symptoms": list(assessment.symptoms),
        "not_judged": [asdict(symptom) for symptom in assessment.not_judged],
        "closest": None if closest is None else asdict(closest),
    }


def _loading(snapshot: Snapshot) -> Json:
    states = [run.loading for run in snapshot.runs.values()]
    return {
        "done": snapshot.loaded,
        "runs_read": snapshot.runs_read,
        "runs": len(snapshot.runs) + snapshot.other_runs,
        "bytes_read": sum(state.bytes_read for state in states),
        "bytes": sum(state.bytes for state in states),
    }


def _worst_severities(findings: list[Finding]) -> dict[str, str]:
    """The worst severity of the findings of each symptom."""
    worst: dict[str, int] = {}
    for finding in findings:
        worst[finding.symptom] = max(worst.get(finding.symptom, 0), SEVERITIES.index(finding.severity))
    return {symptom: SEVERITIES[index] for symptom, index in worst.items()}
