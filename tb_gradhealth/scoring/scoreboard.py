"""From labels and observations to precision, recall and delay.

What counts:

* A planted fault is **found** where one of its symptoms stands at its least severity (``warning``, unless
  the label says otherwise) or above when the run is over, and was first told so at or after the step
  at which the fault begins.
* A **false alarm** is a symptom at warning or above that the label neither plants nor allows, or any
  symptom at warning or above told before the fault begins: what is not there yet has no consequences.
  What is folded under incidents that planted faults head is shown as their consequence, and no alarm.
* **Precision** counts warnings and worse, one for a run and a symptom: right ones / (right ones + false
  alarms). Consequences the label allows are in neither, and information is no warning.
* **Recall** is found faults / planted faults.
* **Delay** counts the records that came after the first that could hold the fault, up to the one that
  told of it: 0 is at once, and a rule that wants three records cannot do better than 2.
* A **measured** label says of every symptom whether it is there, so nothing is excused as a consequence,
  and its steps are those at which a fault was certain: telling of it earlier is no false alarm, but at once.
* A healthy run is **flagged** where it holds a finding at warning or above when it is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import get_args

from tb_gradhealth.health import Severity, at_least
from tb_gradhealth.scoring.case import Case, Dose, Fault
from tb_gradhealth.scoring.observation import Observation, Sighting
from tb_gradhealth.scoring.wilson import Share


@dataclass(frozen=True)
class Miss:
    """A planted fault that was not found; ``seen`` is the severity its symptom was told with, if at all."""

    run: str
    symptom: str
    dose: Dose
    seen: Severity | None


@dataclass(frozen=True)
class FalseAlarm:
    """A symptom told of a run that has no such fault, at the record of ``step``."""

    run: str
    symptom: str
    severity: Severity
    step: int
    layers: tuple[str, ...]
    healthy: bool


@dataclass
class SymptomScore:
    """How well one symptom is found.

    Attributes:
        symptom: its id.
        found: the planted faults that were found.
        seen: those told with any severity.
        right: faults of which it rightly warned, of those and the runs in which its warning was false.
        named: found faults with a known layer whose finding named that layer.
        delays: in records, of the found faults whose first step is known.
    """

    symptom: str
    found: Share
    seen: Share
    right: Share
    named: Share
    delays: tuple[int, ...]

    @property
    def median_delay(self) -> float | None:
        """The median delay in records, None where nothing was found."""
        return median(self.delays) if self.delays else None


@dataclass(frozen=True)
class Scoreboard:
    """The whole score.

    Attributes:
        symptoms: one score for each symptom that was planted or told of, sorted.
        doses: planted faults found, by how bad they were.
        broken: runs with faults.
        undecided: runs with none that are not certainly healthy either.
        flagged: healthy runs with a finding at warning or above at the end.
        critical: healthy runs with a critical one.
        alarmed: healthy runs that had a warning at some time, though it may have been lowered later.
        misses: the planted faults that were not found.
        false_alarms: what was told wrongly.
        unread: runs whose logs could not be read or judged in full, and why.
    """

    symptoms: tuple[SymptomScore, ...]
    doses: Mapping[Dose, Share]
    broken: int
    undecided: int
    flagged: Share
    critical: Share
    alarmed: Share
    misses: tuple[Miss, ...]
    false_alarms: tuple[FalseAlarm, ...]
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Verdict:
    """One planted fault against what was observed."""

    case: Case
    fault: Fault
    observation: Observation

    @property
    def _sightings(self) -> list[Sighting]:
        known = self.observation.sightings
        return [known[symptom] for symptom in self.fault.symptoms if symptom in known]

    @property
    def hit(self) -> Sighting | None:
        """The first sighting that counts as found."""
        begins = 0 if self.case.measured else self.fault.step or 0
        for sighting in self._sightings:
            told = sighting.told(self.fault.least)
            if told is not None and told >= begins:
                return sighting
        return None

    @property
    def seen(self) -> Severity | None:
        return self._sightings[0].severity if self._sightings else None

    @property
    def delay(self) -> int | None:
        told = None if self.hit is None else self.hit.told(self.fault.least)
        if told is None or self.fault.step is None:
            return None
        return max(self.observation.delay(self.fault.step, told), 0)


def score(cases: Sequence[Case], observations: Mapping[str, Observation]) -> Scoreboard:
    """Compare every case with what was observed of its run; cases without an observation are left out.

    Args:
        cases: the labels.
        observations: by the case's name.
    """
    watched = [case for case in cases if case.name in observations]
    verdicts = [_Verdict(case, fault, observations[case.name]) for case in watched for fault in case.faults]
    alarms = [alarm for case in watched for alarm in _false_alarms(case, observations[case.name])]
    symptoms = {verdict.fault.symptom for verdict in verdicts} | {alarm.symptom for alarm in alarms}
    healthy = [case.name for case in watched if case.healthy]
    return Scoreboard(
        symptoms=tuple(_symptom_score(symptom, verdicts, alarms) for symptom in sorted(symptoms)),
        doses={dose: _found([v for v in verdicts if v.fault.dose == dose]) for dose in get_args(Dose)},
        broken=sum(bool(case.faults) for case in watched),
        undecided=sum(case.undecided for case in watched),
        flagged=_runs_with(healthy, alarms),
        critical=_runs_with(healthy, [alarm for alarm in alarms if alarm.severity == "critical"]),
        alarmed=Share(sum(_ever_warned(observations[name]) for name in healthy), len(healthy)),
        misses=tuple(
            Miss(verdict.case.name, verdict.fault.symptom, verdict.fault.dose, verdict.seen)
            for verdict in verdicts
            if verdict.hit is None
        ),
        false_alarms=tuple(alarms),
        unread={
            case.name: "; ".join(observations[case.name].problems)
            for case in watched
            if observations[case.name].problems
        },
    )


def _false_alarms(case: Case, observation: Observation) -> list[FalseAlarm]:
    return [
        FalseAlarm(
            run=case.name,
            symptom=sighting.symptom,
            severity=sighting.severity,
            step=sighting.warned,
            layers=tuple(sorted(sighting.layers)),
            healthy=case.healthy,
        )
        for sighting in observation.sightings.values()
        if at_least(sighting.severity, "warning")
        and sighting.warned is not None
        and (not _explained(sighting, case) or sighting.warned < case.begins)
    ]


def _explained(sighting: Sighting, case: Case) -> bool:
    """Whether it was planted, follows from what was, or is folded under nothing but what was."""
    planted = frozenset().union(*(fault.symptoms for fault in case.faults))
    folded = bool(sighting.causes) and sighting.causes <= planted and not case.measured
    return sighting.symptom in case.expected or folded


def _symptom_score(symptom: str, verdicts: Sequence[_Verdict], alarms: Sequence[FalseAlarm]) -> SymptomScore:
    own = [verdict for verdict in verdicts if verdict.fault.symptom == symptom]
    hits = [verdict for verdict in own if verdict.hit is not None]
    false = sum(alarm.symptom == symptom for alarm in alarms)
    warned = sum(verdict.hit is not None and at_least(verdict.hit.severity, "warning") for verdict in hits)
    placed = [verdict for verdict in hits if verdict.fault.layer]
    return SymptomScore(
        symptom=symptom,
        found=_found(own),
        seen=Share(sum(verdict.seen is not None for verdict in own), len(own)),
        right=Share(warned, warned + false),
        named=Share(
            sum(verdict.hit is not None and verdict.fault.layer in verdict.hit.layers for verdict in placed),
            len(placed),
        ),
        delays=tuple(verdict.delay for verdict in hits if verdict.delay is not None),
    )


def _found(verdicts: Sequence[_Verdict]) -> Share:
    return Share(sum(verdict.hit is not None for verdict in verdicts), len(verdicts))


def _runs_with(runs: Sequence[str], alarms: Sequence[FalseAlarm]) -> Share:
    return Share(len({alarm.run for alarm in alarms} & set(runs)), len(runs))


def _ever_warned(observation: Observation) -> bool:
    return any(sighting.warned is not None for sighting in observation.sightings.values())
