"""`runs`, `problems` and `version`: what there is, how it fares and what could not be read."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from tb_gradhealth.health import SEVERITIES, Assessment, Finding, RunSummary, urgency_ranks
from tb_gradhealth.monitor import MonitoredRun, Watched
from tb_gradhealth.plugin.answers.common import Json, counts, found, number, problems_json
from tb_gradhealth.plugin.answers.kept import Kept
from tb_gradhealth.plugin.revision import revision_of
from tb_gradhealth.version import __version__

CONTRACT: Final = 1
"""Version of the HTTP contract: it grows by adding."""


def runs_answer(
    watched: Watched,
    logdir: str,
    now: float,
    rows: Kept[Json],
    hparams: Callable[[str], Mapping[str, object] | None],
) -> Json:
    """All runs with their verdicts; ``other_runs`` counts those with event files but without our records.

    Args:
        watched: what is known.
        logdir: what the tab says it is looking at.
        now: seconds since the epoch.
        rows: what `run_row` says of each.
        hparams: the hyper-parameters of a run by its name, None where it has none.
    """
    ranked = urgency_ranks([run.health.assessment() for run in watched.runs.values()])
    return {
        "schema": "gradhealth.runs/1",
        "version": __version__,
        "logdir": logdir,
        "now": now,
        "loading": _loading(watched),
        "runs": [
            {**rows.of(run), "rank": rank, "loading": asdict(run.loading), "hparams": hparams(name)}
            for rank, (name, run) in zip(ranked, watched.runs.items(), strict=True)
        ],
        "other_runs": watched.other_runs,
        "problems": problems_json(watched.problems),
    }


def problems_answer(watched: Watched, name: str | None) -> Json:
    """What could not be read, of one run or of everything; ``run`` is null for what belongs to none."""
    runs = [found(watched, name)] if name is not None else list(watched.runs.values())
    listed = [
        {"run": run.name, **problem}
        for run in runs
        for problem in problems_json((*run.problems(), *run.unfinished()))
    ]
    if name is None:
        listed += [{"run": None, **problem} for problem in problems_json(watched.problems)]
    return {"schema": "gradhealth.problems/1", "problems": listed}


def version_answer() -> Json:
    """Which build answers, and which version of the contract it speaks."""
    return {"schema": "gradhealth.version/1", "version": __version__, "contract": CONTRACT}


def run_row(run: MonitoredRun) -> Json:
    """What `runs` says of one run, but for its rank and its hyper-parameters."""
    assessment = run.health.assessment()
    summary = run.health.summary()
    findings = run.health.findings()
    counted = [finding for finding in findings if not finding.muted]
    return {
        "run": run.name,
        "revision": revision_of(run),
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
        "incidents": len({finding.incident for finding in counted}),
        "symptoms": _worst(counted),
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
    """What was looked at, which is all that can be said of a run without findings."""
    closest = assessment.closest
    return {
        "tensors": summary.tensors,
        "records": summary.records,
        "first_step": summary.first_step,
        "last_step": summary.last_step,
        "symptoms": list(assessment.symptoms),
        "not_judged": [asdict(each) for each in assessment.not_judged],
        "closest": None if closest is None else asdict(closest),
    }


def _loading(watched: Watched) -> Json:
    states = [run.loading for run in watched.runs.values()]
    return {
        "done": watched.loaded,
        "runs_read": watched.runs_read,
        "runs": len(watched.runs) + watched.other_runs,
        "bytes_read": sum(state.bytes_read for state in states),
        "bytes": sum(state.bytes for state in states),
    }


def _worst(findings: list[Finding]) -> dict[str, str]:
    """The worst severity of each symptom that was found."""
    worst: dict[str, int] = {}
    for finding in findings:
        worst[finding.symptom] = max(worst.get(finding.symptom, 0), SEVERITIES.index(finding.severity))
    return {symptom: SEVERITIES[place] for symptom, place in worst.items()}
