"""`findings`, `trends` and `evidence`: what was found, and what stands behind it."""

from collections.abc import Collection

from tb_gradhealth.health import Finding
from tb_gradhealth.monitor import MonitoredRun, Watched
from tb_gradhealth.plugin.answers.common import Json, chosen, finding_json, found, number
from tb_gradhealth.plugin.application import NotFoundError
from tb_gradhealth.plugin.frames import encode_frame


def findings_answer(watched: Watched, wanted: Collection[str], trends: bool) -> Json:
    """The findings of the wanted runs, or of all where none is named.

    Raises:
        NotFoundError: a wanted run does not exist.
    """
    runs = chosen(watched, wanted)
    findings = [_finding(run, finding, trends) for run in runs for finding in run.health.findings()]
    return {"schema": "gradhealth.findings/1", "findings": findings}


def trends_answer(watched: Watched, name: str, identities: Collection[str]) -> Json:
    """The measured values of some findings over time.

    Raises:
        NotFoundError: no such run, or it has no such finding.
    """
    run = found(watched, name)
    trends = {identity: _trend(run, _found(run, identity)) for identity in identities}
    return {"schema": "gradhealth.trends/1", "run": name, "trends": trends}


def evidence_frame(watched: Watched, name: str, identity: str) -> bytes:
    """What stands behind one finding.

    Raises:
        NotFoundError: no such run, or it has no such finding.
    """
    run = found(watched, name)
    finding = _found(run, identity)
    evidence = run.health.evidence(identity)
    header: Json = {
        "schema": "gradhealth.evidence/1",
        "run": name,
        "finding": _finding(run, finding, trends=True),
        "labels": evidence.labels,
    }
    return encode_frame(header, evidence.columns)


def _found(run: MonitoredRun, identity: str) -> Finding:
    finding = next((each for each in run.health.findings() if each.id == identity), None)
    if finding is None:
        raise NotFoundError(f"run {run.name[:200]!r} has no finding {identity[:200]!r}")
    return finding


def _finding(run: MonitoredRun, finding: Finding, trends: bool) -> Json:
    trend: Json = {"trend": _trend(run, finding)} if trends else {}
    return {**finding_json(run.name, finding), **trend}


def _trend(run: MonitoredRun, finding: Finding) -> list[float | None]:
    return [number(value) for value in run.health.trend(finding.id).tolist()]
