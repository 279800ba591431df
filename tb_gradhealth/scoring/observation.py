"""What the rules report of a run, record by record, as during the training."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tb_gradhealth.events import EventFile, Root, discover
from tb_gradhealth.health import SEVERITIES, Finding, Severity, at_least
from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.record import Record, Steps


@dataclass(frozen=True)
class SymptomReport:
    """One symptom in one run, over all tensors.

    Attributes:
        symptom: its id.
        severity: the worst of its findings at the end of the run, as `gradhealth check` reports it.
        seen: step of the record at which it was first reported with any severity.
        warned: step of the record at which it first was a warning or worse; None if it never was.
        layers: the layers it was found in.
        causes: symptoms of the origins of its incidents; empty if it is an origin itself.
    """

    symptom: str
    severity: Severity
    seen: int
    warned: int | None
    layers: frozenset[str]
    causes: frozenset[str] = frozenset()

    def reported_at(self, minimum: Severity) -> int | None:
        """Step of the record at which it was first ``minimum`` or worse, None if it is not at the end."""
        if not at_least(self.severity, minimum):
            return None
        return self.seen if minimum == "info" else self.warned


@dataclass(frozen=True)
class Observation:
    """What the rules reported of one run.

    Attributes:
        steps: the recorded steps, ascending.
        reports: the reported symptoms, by id.
        problems: one sentence for each thing that could not be read or judged.
    """

    steps: tuple[int, ...]
    reports: dict[str, SymptomReport]
    problems: tuple[str, ...] = ()

    def delay(self, since: int, reported: int) -> int:
        """Number of records after the first that can contain ``since``, up to the one at ``reported``."""
        return bisect_left(self.steps, reported) - bisect_left(self.steps, since)


def observe(logdir: str, names: Iterable[str]) -> Iterator[tuple[str, Observation]]:
    """Replay the named runs below ``logdir`` through the default rules, in the order of their names."""
    runs = discover([Root(logdir)]).runs
    for name in sorted(set(names) & runs.keys()):
        yield name, _observed(MonitoredRun(name), runs[name])


def _observed(run: MonitoredRun, files: Sequence[EventFile]) -> Observation:
    steps: set[int] = set()
    reports: dict[str, SymptomReport] = {}
    for content in run.replay(files):
        step = content.last_step if isinstance(content, Steps) else content.step
        if isinstance(content, Record):
            steps.add(step)
        reports = _updated(reports, run.health.findings(), step)
    problems = tuple(f"{problem.path}: {problem.message}" for problem in run.problems())
    return Observation(tuple(sorted(steps)), reports, problems)


def _updated(
    before: dict[str, SymptomReport], findings: Sequence[Finding], step: int
) -> dict[str, SymptomReport]:
    """The reports after the record at ``step``."""
    origins = {finding.incident: finding.symptom for finding in findings if finding.origin}
    by_symptom: dict[str, list[Finding]] = {}
    for finding in findings:
        by_symptom.setdefault(finding.symptom, []).append(finding)
    return {
        symptom: _report(before.get(symptom), symptom, found, step, origins)
        for symptom, found in by_symptom.items()
    }


def _report(
    known: SymptomReport | None, symptom: str, found: Sequence[Finding], step: int, origins: Mapping[str, str]
) -> SymptomReport:
    severity = max((finding.severity for finding in found), key=SEVERITIES.index)
    warned = known.warned if known else None
    if warned is None and at_least(severity, "warning"):
        warned = step
    return SymptomReport(
        symptom=symptom,
        severity=severity,
        seen=known.seen if known else step,
        warned=warned,
        layers=frozenset(finding.layer for finding in found),
        causes=_causes(symptom, found, origins),
    )


def _causes(symptom: str, found: Sequence[Finding], origins: Mapping[str, str]) -> frozenset[str]:
    """Symptoms of the origins of all warnings; none if one of them is an origin itself."""
    serious = [finding for finding in found if at_least(finding.severity, "warning")]
    causes = {origins.get(finding.incident, symptom) for finding in serious}
    return frozenset() if symptom in causes else frozenset(causes)
