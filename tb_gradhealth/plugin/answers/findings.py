"""`findings`, `trends` and `evidence`: what was found, and what stands behind it."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property

from tb_gradhealth.health import Finding
from tb_gradhealth.monitor import MonitoredRun, Snapshot
from tb_gradhealth.plugin.answers.common import Json, chosen, finding_json, found, number
from tb_gradhealth.plugin.answers.page import RunPage
from tb_gradhealth.plugin.application import NotFoundError
from tb_gradhealth.plugin.frames import encode_frame


class Told:
    """The findings of one run as they are told; of thousands, writing them out takes the longest."""

    def __init__(self, run: MonitoredRun) -> None:
        """Of a run that is held still; what is made of its findings later needs no lock."""
        self.run, self.findings, self.assessment = run.name, run.health.findings(), run.health.assessment()

    @cached_property
    def text(self) -> str:
        """All of them as JSON, without brackets around."""
        return json.dumps(
            [finding_json(self.run, finding) for finding in self.findings],
            allow_nan=False,
            separators=(",", ":"),
        )[1:-1]

    @cached_property
    def page(self) -> RunPage:
        """What a first page needs of them."""
        return RunPage.of(self.run, self.assessment, self.findings)


def findings_text(told: Sequence[Told]) -> bytes:
    """The findings of some runs, without trends."""
    findings = ",".join(run.text for run in told if run.findings)
    return f'{{"schema":"gradhealth.findings/1","findings":[{findings}],"page":null}}'.encode()


def findings_answer(snapshot: Snapshot, wanted: Collection[str]) -> Json:
    """The findings of the wanted runs, or of all where none is named, with their trends.

    Raises:
        NotFoundError: a wanted run does not exist.
    """
    runs = chosen(snapshot, wanted)
    findings = [_finding(run, finding) for run in runs for finding in run.health.findings()]
    return {"schema": "gradhealth.findings/1", "findings": findings, "page": None}


def trends_answer(snapshot: Snapshot, name: str, identities: Collection[str]) -> Json:
    """The measured values of some findings over time.

    Raises:
        NotFoundError: no such run, or it has no such finding.
    """
    run = found(snapshot, name)
    trends = {identity: _trend(run, _found(run, identity)) for identity in identities}
    return {"schema": "gradhealth.trends/1", "run": name, "trends": trends}


def evidence_frame(snapshot: Snapshot, name: str, identity: str) -> bytes:
    """What stands behind one finding.

    Raises:
        NotFoundError: no such run, or it has no such finding.
    """
    run = found(snapshot, name)
    finding = _found(run, identity)
    evidence = run.health.evidence(identity)
    header: Json = {
        "schema": "gradhealth.evidence/1",
        "run": name,
        "finding": _finding(run, finding),
        "labels": evidence.labels,
    }
    return encode_frame(header, evidence.columns)


def _found(run: MonitoredRun, identity: str) -> Finding:
    finding = next((each for each in run.health.findings() if each.id == identity), None)
    if finding is None:
        raise NotFoundError(f"run {run.name[:200]!r} has no finding {identity[:200]!r}")
    return finding


def _finding(run: MonitoredRun, finding: Finding) -> Json:
    return {**finding_json(run.name, finding), "trend": _trend(run, finding)}


def _trend(run: MonitoredRun, finding: Finding) -> list[float | None]:
    return [number(value) for value in run.health.trend(finding.id).tolist()]
