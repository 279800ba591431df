"""Judges the records in a run's history by other rules than those in force."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tb_gradhealth.health import SYMPTOMS, Finding, RuleSet, RunHealth, SymptomRules
from tb_gradhealth.monitor.monitored_run import MonitoredRun
from tb_gradhealth.record import Content


@dataclass(frozen=True)
class TrialRun:
    """The data of one run, taken from a snapshot so that judging it needs no lock.

    Attributes:
        name: the run's name.
        contents: records, steps and epochs in the histories, recorder by recorder, in order.
        findings: what the rules in force found.
        is_complete: whether the histories still have every record, so that judging them again by the same
            rules gives the same findings.
    """

    name: str
    contents: Sequence[Content]
    findings: tuple[Finding, ...]
    is_complete: bool

    @classmethod
    def of(cls, run: MonitoredRun) -> "TrialRun":
        """Take the data of a run."""
        histories = run.health.histories()
        # An epoch affects only later records, so all epochs may come first.
        contents: list[Content] = [epoch for history in histories for epoch in history.epochs.contents]
        contents += [point.content for history in histories for point in history.points]
        is_complete = all(len(history.record_points()) == history.records for history in histories)
        return cls(run.name, contents, run.health.findings(), is_complete)

    def findings_in_force(self, in_force: RuleSet, symptoms: Collection[str]) -> list[Finding]:
        """The findings of the rules in force, to compare with those of a trial of these symptoms."""
        if self.is_complete:
            return list(self.findings)
        # Both rule sets must judge the same thinned records, or the thinning would appear as a change.
        return self.findings_by(in_force, symptoms)

    def findings_by(self, rules: RuleSet, symptoms: Collection[str]) -> list[Finding]:
        """The findings of other rules.

        Args:
            rules: the rules of the trial.
            symptoms: the symptoms to judge again: those whose rules differ from the rules in force.
        """
        return [*self._findings_of_others(rules, symptoms), *self._judged_again(rules, symptoms)]

    def _findings_of_others(self, rules: RuleSet, symptoms: Collection[str]) -> Iterator[Finding]:
        """Present findings of the other symptoms: symptoms are independent, so only mutes can change them."""
        today = date.today()
        for finding in self.findings:
            if finding.symptom not in symptoms:
                yield replace(finding, muted=rules.muted(finding.symptom, finding.tensor, today))

    def _judged_again(self, rules: RuleSet, symptoms: Collection[str]) -> tuple[Finding, ...]:
        if not symptoms:
            return ()
        disabled = {name: SymptomRules(enabled=False) for name in SYMPTOMS if name not in symptoms}
        health = RunHealth(replace(rules, symptoms={**rules.symptoms, **disabled}))
        for content in self.contents:
            health.observe(content)
        return health.findings()
