"""Formats `findings`, `trends` and `evidence`."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property

from tb_gradhealth.health import Finding
from tb_gradhealth.monitor import MonitoredRun, NotFoundError, Snapshot
from tb_gradhealth.plugin.answers.first_page import RunPage
from tb_gradhealth.plugin.answers.json_values import Json, listed_finding_json, number
from tb_gradhealth.plugin.frames import encode_frame


class RunFindings:
    """The findings of one run with their JSON, which takes longest to make where there are thousands."""

    def __init__(self, run: MonitoredRun) -> None:
        """Copy the findings of a run while the monitor's lock is held; the properties need no lock."""
        self.run, self.findings, self.assessment = run.name, run.health.findings(), run.health.assessment()

    @cached_property
    def text(self) -> str:
        """The findings as items of a JSON array, without brackets."""
        return json.dumps(
            [listed_finding_json(self.run, finding, self.assessment) for finding in self.findings],
            allow_nan=False,
            separators=(",", ":"),
        )[1:-1]

    @cached_property
    def page(self) -> RunPage:
        """The run's part of a first page."""
        return RunPage.of(self.run, self.assessment, self.findings)


def findings_text(runs: Sequence[RunFindings]) -> bytes:
    """The answer with the findings of some runs, without trends."""
    findings = ",".join(run.text for run in runs if run.findings)
    return f'{{"schema":"gradhealth.findings/1","findings":[{findings}],"page":null}}'.encode()


def findings_answer(snapshot: Snapshot, names: Collection[str]) -> Json:
    """The findings of some runs, or of all where none is named, with their trends.

    Raises:
        NotFoundError: one of the runs does not exist.
    """
    findings = [
        _finding_with_trend(run, finding)
        for run in snapshot.select(names)
        for finding in run.health.findings()
    ]
    return {"schema": "gradhealth.findings/1", "findings": findings, "page": None}


def trends_answer(snapshot: Snapshot, name: str, identities: Collection[str]) -> Json:
    """The measured values of some findings over time.

    Raises:
        NotFoundError: the run or a finding does not exist.
    """
    run = snapshot.run(name)
    trends = {identity: _trend(run, _finding_of(run, identity)) for identity in identities}
    return {"schema": "gradhealth.trends/1", "run": name, "trends": trends}


def evidence_frame(snapshot: Snapshot, name: str, identity: str) -> bytes:
    """The values over time on which a finding is based.

    Raises:
        NotFoundError: the run or the finding does not exist.
    """
    run = snapshot.run(name)
    finding = _finding_of(run, identity)
    evidence = run.health.evidence(identity)
    header: Json = {
        "schema": "gradhealth.evidence/1",
        "run": name,
        "finding": _finding_with_trend(run, finding),
        "labels": evidence.labels,
    }
    return encode_frame(header, evidence.columns)


def _finding_of(run: MonitoredRun, identity: str) -> Finding:
    finding = next((each for each in run.health.findings() if each.id == identity), None)
    if finding is None:
        raise NotFoundError(f"run {run.name[:200]!r} has no finding {identity[:200]!r}")
    return finding


def _finding_with_trend(run: MonitoredRun, finding: Finding) -> Json:
    listed = listed_finding_json(run.name, finding, run.health.assessment())
    return {**listed, "trend": _trend(run, finding)}


def _trend(run: MonitoredRun, finding: Finding) -> list[float | None]:
    return [number(value) for value in run.health.trend(finding.id).tolist()]
