"""`judge`: other rules over what is remembered, and what they would change."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from tb_gradhealth.health import SYMPTOMS, AnySymptom, Finding, RuleSet, RunHealth, SymptomRules, parameters
from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.plugin.answers.common import Json, counts, finding_json
from tb_gradhealth.plugin.answers.rules import rules_document, rules_toml
from tb_gradhealth.plugin.parameters import BadRequestError
from tb_gradhealth.record import Content
from tb_gradhealth.rules import RulesError, rules_from, rules_from_text

LONGEST: Final = 16 << 10
"""Characters of a rule document or file in a request."""


@dataclass(frozen=True)
class Remembered:
    """What is known of one run, taken out of the monitor so that judging it holds nobody up.

    Attributes:
        name: the run's.
        contents: its records and steps that are kept, recorder by recorder, in order.
        findings: what the rules in force found.
        whole: whether no record was thinned out, so that judging again would find the same.
    """

    name: str
    contents: Sequence[Content]
    findings: tuple[Finding, ...]
    whole: bool

    @classmethod
    def of(cls, run: MonitoredRun) -> "Remembered":
        """What is known of a run now."""
        histories = run.health.histories()
        # What an epoch says holds of later records only, so epochs may all come first.
        contents: list[Content] = [epoch for history in histories for epoch in history.epochs.contents]
        contents += [point.content for history in histories for point in history.points]
        whole = all(len(history.record_points()) == history.records for history in histories)
        return cls(run.name, contents, run.health.findings(), whole)

    def before(self, current: RuleSet, symptoms: Collection[str]) -> Iterator[Finding]:
        """What the rules in force find, where another set says otherwise of these symptoms."""
        if self.whole:
            yield from self.findings
        else:
            # Over thinned records both rule sets must see the same: else the thinning shows as a change.
            yield from self._others(current, symptoms)
            yield from self._judged(current, symptoms)

    def after(self, rules: RuleSet, symptoms: Collection[str]) -> Iterator[Finding]:
        """What rules find that say otherwise than those in force of these symptoms."""
        yield from self._others(rules, symptoms)
        yield from self._judged(rules, symptoms)

    def _others(self, rules: RuleSet, symptoms: Collection[str]) -> Iterator[Finding]:
        """The findings of the other symptoms, which another rule set can only mute: each judges by itself."""
        today = date.today()
        for finding in self.findings:
            if finding.symptom not in symptoms:
                yield replace(finding, muted=rules.muted(finding.symptom, finding.tensor, today))

    def _judged(self, rules: RuleSet, symptoms: Collection[str]) -> tuple[Finding, ...]:
        """What rules find of some symptoms."""
        if not symptoms:
            return ()
        off = {name: SymptomRules(enabled=False) for name in SYMPTOMS if name not in symptoms}
        health = RunHealth(replace(rules, symptoms={**rules.symptoms, **off}))
        for content in self.contents:
            health.observe(content)
        return health.findings()


def rules_of(document: str | None, file: str | None) -> RuleSet:
    """The rule set that a request brings along, in one form or the other.

    Args:
        document: a rule document as JSON.
        file: a rule file, which is TOML.

    Raises:
        BadRequestError: none or both are given, or the one is not what the rules' schema says.
    """
    if document is not None and file is not None:
        raise BadRequestError("the parameters 'rules' and 'toml' are two forms of the same, one is enough")
    if file is not None:
        try:
            return rules_from_text(file, "toml")
        except RulesError as error:
            raise BadRequestError(str(error)) from None
    if document is None:
        raise BadRequestError("the parameter 'rules' is missing, or a rule file as 'toml'")
    return _of_json(document)


def _of_json(text: str) -> RuleSet:
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"rules: is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise BadRequestError("rules: a JSON object is needed, in the form of a rule file")
    try:
        return rules_from(values, "rules")
    except RulesError as error:
        raise BadRequestError(str(error)) from None


def judge_answer(runs: Sequence[Remembered], rules: RuleSet, current: RuleSet, in_full: bool = True) -> Json:
    """What changes if runs are judged by ``rules`` instead of ``current``.

    Args:
        runs: what is remembered of each.
        rules: the rules to try.
        current: the rules in force.
        in_full: whether every finding is told too, with its incident and its place in it. What only
            changes is told faster: nothing is judged anew but the symptoms that the rules differ in.
    """
    symptoms = frozenset(SYMPTOMS) if in_full else _differing(rules, current)
    before: dict[tuple[str, str], Finding] = {}
    after: dict[tuple[str, str], Finding] = {}
    for run in runs:
        before |= {(run.name, finding.id): finding for finding in run.before(current, symptoms)}
        after |= {(run.name, finding.id): finding for finding in run.after(rules, symptoms)}
    counted_before, counted_after = _counted(before), _counted(after)
    return {
        "schema": "gradhealth.judge/1",
        "toml": rules_toml(rules_document(rules)),
        "rules": rules_document(rules),
        "added": [_summary(key, counted_after[key]) for key in counted_after if key not in counted_before],
        "removed": [_summary(key, counted_before[key]) for key in counted_before if key not in counted_after],
        "changed": [
            {**_summary(key, finding), "before": counted_before[key].severity, "after": finding.severity}
            for key, finding in counted_after.items()
            if key in counted_before and counted_before[key].severity != finding.severity
        ],
        "counts": {"before": counts(before.values()), "after": counts(after.values())},
        "findings": [finding_json(run, finding) for (run, _), finding in after.items() if in_full],
    }


def _differing(rules: RuleSet, current: RuleSet) -> frozenset[str]:
    """The symptoms of which two rule sets do not say the same."""
    return frozenset(
        name for name, symptom in SYMPTOMS.items() if _whole(symptom, rules) != _whole(symptom, current)
    )


def _whole(symptom: type[AnySymptom], rules: RuleSet) -> SymptomRules:
    """What a rule set says of a symptom, with the limits it leaves as they are."""
    wanted = rules.symptom(symptom.id)
    usual = {name: parameter.default for name, parameter in parameters(symptom.limits_type).items()}
    return replace(wanted, limits={**usual, **wanted.limits})


def _counted(findings: Mapping[tuple[str, str], Finding]) -> dict[tuple[str, str], Finding]:
    """Those that no rule mutes: muting one takes it away."""
    return {key: finding for key, finding in findings.items() if not finding.muted}


def _summary(key: tuple[str, str], finding: Finding) -> Json:
    return {
        "run": key[0],
        "id": finding.id,
        "symptom": finding.symptom,
        "severity": finding.severity,
        "kind": finding.kind,
        "tensor": finding.tensor,
        "layer": finding.layer,
    }


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
