"""What the rules told of a run, record by record, as somebody watching the training would have heard it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tb_gradhealth.events import EventFile, Root, discover
from tb_gradhealth.health import SEVERITIES, Finding, Severity, at_least
from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.record import Record, Steps


@dataclass(frozen=True)
class Sighting:
    """One symptom in one run, whichever tensors have it.

    Attributes:
        symptom: its id.
        severity: the worst of its findings when the run was over, as `gradhealth check` gives it.
        seen: step of the record at which it was first told at all.
        warned: step of the record at which it first was a warning or worse; None if it never was.
        layers: the layers it was found in.
        causes: symptoms that head the incidents it is folded under; empty if it heads one itself.
    """

    symptom: str
    severity: Severity
    seen: int
    warned: int | None
    layers: frozenset[str]
    causes: frozenset[str] = frozenset()

    def told(self, least: Severity) -> int | None:
        """Step of the record at which it was told as ``least`` or worse, None if it was not at the end."""
        if not at_least(self.severity, least):
            return None
        return self.seen if least == "info" else self.warned


@dataclass(frozen=True)
class Observation:
    """What the rules made of one run.

    Attributes:
        steps: the recorded steps, ascending.
        sightings: what was found, by symptom.
        problems: what could not be read or judged, each in a sentence.
    """

    steps: tuple[int, ...]
    sightings: dict[str, Sighting]
    problems: tuple[str, ...] = ()

    def delay(self, since: int, told: int) -> int:
        """Records that came after the first that could hold step ``since``, up to the one at ``told``."""
        return bisect_left(self.steps, told) - bisect_left(self.steps, since)


def observe(logdir: str, names: Iterable[str]) -> Iterator[tuple[str, Observation]]:
    """Replay the named runs below ``logdir`` through the default rules, in the order of their names."""
    runs = discover([Root(logdir)]).runs
    for name in sorted(set(names) & runs.keys()):
        yield name, _observed(MonitoredRun(name), runs[name])


def _observed(run: MonitoredRun, files: Sequence[EventFile]) -> Observation:
    steps: set[int] = set()
    sightings: dict[str, Sighting] = {}
    for content in run.replay(files):
        step = content.last_step if isinstance(content, Steps) else content.step
        if isinstance(content, Record):
            steps.add(step)
        sightings = _updated(sightings, run.health.findings(), step)
    problems = tuple(f"{problem.path}: {problem.message}" for problem in run.problems())
    return Observation(tuple(sorted(steps)), sightings, problems)


def _updated(before: dict[str, Sighting], findings: Sequence[Finding], step: int) -> dict[str, Sighting]:
    """The sightings as they are after the record at ``step``."""
    heads = {finding.incident: finding.symptom for finding in findings if finding.origin}
    by_symptom: dict[str, list[Finding]] = {}
    for finding in findings:
        by_symptom.setdefault(finding.symptom, []).append(finding)
    return {
        symptom: _sighting(before.get(symptom), symptom, found, step, heads)
        for symptom, found in by_symptom.items()
    }


def _sighting(
    known: Sighting | None, symptom: str, found: Sequence[Finding], step: int, heads: Mapping[str, str]
) -> Sighting:
    severity = max((finding.severity for finding in found), key=SEVERITIES.index)
    warned = known.warned if known else None
    if warned is None and at_least(severity, "warning"):
        warned = step
    return Sighting(
        symptom=symptom,
        severity=severity,
        seen=known.seen if known else step,
        warned=warned,
        layers=frozenset(finding.layer for finding in found),
        causes=_causes(symptom, found, heads),
    )


def _causes(symptom: str, found: Sequence[Finding], heads: Mapping[str, str]) -> frozenset[str]:
    """The symptoms under which all that is worth a warning is folded; none if some of it stands alone."""
    serious = [finding for finding in found if at_least(finding.severity, "warning")]
    causes = {heads.get(finding.incident, symptom) for finding in serious}
    return frozenset() if symptom in causes else frozenset(causes)
