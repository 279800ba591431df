"""Precision, recall and delay from labels and observations.

Definitions:

* A planted fault is **found** if one of its symptoms is at its minimum severity (``warning`` by default) or
  above at the end of the run, and first was so at or after the step at which the fault begins.
* A **false alarm** is a symptom at warning or above that the label neither plants nor allows, or any symptom
  at warning or above before the fault begins. Members of incidents whose origin is a planted fault are
  consequences, and no false alarms.
* **Precision** counts warnings and worse, one per run and symptom: true ones / (true ones + false alarms).
  Consequences that the label allows are in neither, and information is no warning.
* **Recall** is found faults / planted faults.
* **Delay** is the number of records after the first that can contain the fault, up to the one that reports
  it: 0 is immediate, and a rule that needs three records cannot be below 2.
* A **measured** label covers every symptom, so nothing is excused as a consequence, and its steps are those
  at which a fault was certain: an earlier report is no false alarm and has delay 0.
* A healthy run is **flagged** if it has a finding at warning or above at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import get_args

from tb_gradhealth.health import Severity, at_least
from tb_gradhealth.scoring.case import Case, Dose, Fault
from tb_gradhealth.scoring.observation import Observation, SymptomReport
from tb_gradhealth.scoring.wilson import Share


@dataclass(frozen=True)
class Miss:
    """A planted fault that was not found; ``seen`` is the severity its symptom was reported with, or None."""

    run: str
    symptom: str
    dose: Dose
    seen: Severity | None


@dataclass(frozen=True)
class FalseAlarm:
    """A symptom reported of a run that has no such fault, at the record of ``step``."""

    run: str
    symptom: str
    severity: Severity
    step: int
    layers: tuple[str, ...]
    healthy: bool


@dataclass
class SymptomScore:
    """The score of one symptom.

    Attributes:
        symptom: its id.
        recall: found faults, of the planted ones.
        seen: faults reported with any severity, of the planted ones.
        precision: faults with a true warning, of those and the runs with a false alarm.
        layer_named: findings that name the layer, of the found faults with a known layer.
        delays: in records, of the found faults whose first step is known.
    """

    symptom: str
    recall: Share
    seen: Share
    precision: Share
    layer_named: Share
    delays: tuple[int, ...]

    @property
    def median_delay(self) -> float | None:
        """The median delay in records, None where nothing was found."""
        return median(self.delays) if self.delays else None


@dataclass(frozen=True)
class Scoreboard:
    """The whole score.

    Attributes:
        symptoms: one score for each symptom that was planted or a false alarm, sorted.
        doses: planted faults found, by dose.
        broken: number of runs with faults.
        undecided: number of runs without faults that are not certainly healthy.
        flagged: healthy runs with a finding at warning or above at the end.
        critical: healthy runs with a critical finding at the end.
        ever_warned: healthy runs with a warning at any time, even if it was lowered later.
        misses: the planted faults that were not found.
        false_alarms: the false alarms.
        unread: runs whose logs could not be read or judged in full, and why.
    """

    symptoms: tuple[SymptomScore, ...]
    doses: Mapping[Dose, Share]
    broken: int
    undecided: int
    flagged: Share
    critical: Share
    ever_warned: Share
    misses: tuple[Miss, ...]
    false_alarms: tuple[FalseAlarm, ...]
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _FaultResult:
    """One planted fault and the observation of its run."""

    case: Case
    fault: Fault
    observation: Observation

    @property
    def _reports(self) -> list[SymptomReport]:
        known = self.observation.reports
        return [known[symptom] for symptom in self.fault.symptoms if symptom in known]

    @property
    def hit(self) -> SymptomReport | None:
        """The first report that counts as found."""
        begins = 0 if self.case.measured else self.fault.step or 0
        for report in self._reports:
            reported = report.reported_at(self.fault.minimum_severity)
            if reported is not None and reported >= begins:
                return report
        return None

    @property
    def seen(self) -> Severity | None:
        return self._reports[0].severity if self._reports else None

    @property
    def delay(self) -> int | None:
        reported = None if self.hit is None else self.hit.reported_at(self.fault.minimum_severity)
        if reported is None or self.fault.step is None:
            return None
        return max(self.observation.delay(self.fault.step, reported), 0)


def score(cases: Sequence[Case], observations: Mapping[str, Observation]) -> Scoreboard:
    """Compare every case with the observation of its run; cases without an observation are left out.

    Args:
        cases: the labels.
        observations: by the case's name.
    """
    observed = [case for case in cases if case.name in observations]
    results = [
        _FaultResult(case, fault, observations[case.name]) for case in observed for fault in case.faults
    ]
    alarms = [alarm for case in observed for alarm in _false_alarms(case, observations[case.name])]
    symptoms = {result.fault.symptom for result in results} | {alarm.symptom for alarm in alarms}
    healthy = [case.name for case in observed if case.healthy]
    return Scoreboard(
        symptoms=tuple(_symptom_score(symptom, results, alarms) for symptom in sorted(symptoms)),
        doses={dose: _found([v for v in results if v.fault.dose == dose]) for dose in get_args(Dose)},
        broken=sum(bool(case.faults) for case in observed),
        undecided=sum(case.undecided for case in observed),
        flagged=_runs_with(healthy, alarms),
        critical=_runs_with(healthy, [alarm for alarm in alarms if alarm.severity == "critical"]),
        ever_warned=Share(sum(_has_warned(observations[name]) for name in healthy), len(healthy)),
        misses=tuple(
            Miss(result.case.name, result.fault.symptom, result.fault.dose, result.seen)
            for result in results
            if result.hit is None
        ),
        false_alarms=tuple(alarms),
        unread={
            case.name: "; ".join(observations[case.name].problems)
            for case in observed
            if observations[case.name].problems
        },
    )


def _false_alarms(case: Case, observation: Observation) -> list[FalseAlarm]:
    return [
        FalseAlarm(
            run=case.name,
            symptom=report.symptom,
            severity=report.severity,
            step=report.warned,
            layers=tuple(sorted(report.layers)),
            healthy=case.healthy,
        )
        for report in observation.reports.values()
        if at_least(report.severity, "warning")
        and report.warned is not None
        and (not _explained(report, case) or report.warned < case.begins)
    ]


def _explained(report: SymptomReport, case: Case) -> bool:
    """Whether it is expected, or only belongs to incidents whose origins were planted."""
    planted = frozenset().union(*(fault.symptoms for fault in case.faults))
    consequence = bool(report.causes) and report.causes <= planted and not case.measured
    return report.symptom in case.expected or consequence


def _symptom_score(
    symptom: str, results: Sequence[_FaultResult], alarms: Sequence[FalseAlarm]
) -> SymptomScore:
    own = [result for result in results if result.fault.symptom == symptom]
    hits = [result for result in own if result.hit is not None]
    false = sum(alarm.symptom == symptom for alarm in alarms)
    warned = sum(result.hit is not None and at_least(result.hit.severity, "warning") for result in hits)
    in_layer = [result for result in hits if result.fault.layer]
    return SymptomScore(
        symptom=symptom,
        recall=_found(own),
        seen=Share(sum(result.seen is not None for result in own), len(own)),
        precision=Share(warned, warned + false),
        layer_named=Share(
            sum(result.hit is not None and result.fault.layer in result.hit.layers for result in in_layer),
            len(in_layer),
        ),
        delays=tuple(result.delay for result in hits if result.delay is not None),
    )


def _found(results: Sequence[_FaultResult]) -> Share:
    return Share(sum(result.hit is not None for result in results), len(results))


def _runs_with(runs: Sequence[str], alarms: Sequence[FalseAlarm]) -> Share:
    return Share(len({alarm.run for alarm in alarms} & set(runs)), len(runs))


def _has_warned(observation: Observation) -> bool:
    return any(report.warned is not None for report in observation.reports.values())
