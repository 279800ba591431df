"""Formats `judge`: the changes that other rules would make to the findings."""

from collections.abc import Collection, Mapping, Sequence

from tb_gradhealth.health import SYMPTOMS, Finding, RuleSet
from tb_gradhealth.monitor import TrialRun
from tb_gradhealth.plugin.answers.json_values import Json, counts, finding_json
from tb_gradhealth.plugin.parameters import BadRequestError
from tb_gradhealth.rules import (
    RulesError,
    differing_symptoms,
    document_of,
    rules_from_json,
    rules_from_text,
    toml_of,
)

FindingsByKey = Mapping[tuple[str, str], Finding]
"""Findings by run and id."""


def rules_of(document: str | None, file: str | None) -> RuleSet:
    """The rule set in a request.

    Args:
        document: the values of a rule file as JSON.
        file: a rule file (TOML).

    Raises:
        BadRequestError: not exactly one of the two is given, or it is invalid.
    """
    if document is not None and file is not None:
        raise BadRequestError("the parameters 'rules' and 'toml' are two forms of the same, one is enough")
    try:
        if file is not None:
            return rules_from_text(file, "toml")
        if document is not None:
            return rules_from_json(document, "rules")
    except RulesError as error:
        raise BadRequestError(str(error)) from None
    raise BadRequestError("the parameter 'rules' is missing, or a rule file as 'toml'")


def judge_answer(
    runs: Sequence[TrialRun], rules: RuleSet, in_force: RuleSet, with_findings: bool = True
) -> Json:
    """The changes if runs were judged by ``rules`` instead of ``in_force``.

    Args:
        runs: the runs to judge.
        rules: the rules of the trial.
        in_force: the rules in force.
        with_findings: whether to return all findings too. Without them only the symptoms whose rules differ
            are judged again, which is faster.
    """
    symptoms = frozenset(SYMPTOMS) if with_findings else differing_symptoms(rules, in_force)
    before: dict[tuple[str, str], Finding] = {}
    after: dict[tuple[str, str], Finding] = {}
    for run in runs:
        before |= {(run.name, each.id): each for each in run.findings_in_force(in_force, symptoms)}
        after |= {(run.name, each.id): each for each in run.findings_by(rules, symptoms)}
    unmuted_before, unmuted_after = _unmuted(before), _unmuted(after)
    document = document_of(rules)
    return {
        "schema": "gradhealth.judge/1",
        "toml": toml_of(document),
        "rules": document,
        "added": _summaries(unmuted_after, unmuted_after.keys() - unmuted_before.keys()),
        "removed": _summaries(unmuted_before, unmuted_before.keys() - unmuted_after.keys()),
        "changed": [
            {**_summary(run, finding), "before": earlier.severity, "after": finding.severity}
            for (run, identity), finding in unmuted_after.items()
            if (earlier := unmuted_before.get((run, identity))) and earlier.severity != finding.severity
        ],
        "counts": {"before": counts(before.values()), "after": counts(after.values())},
        "findings": [finding_json(run, finding) for (run, _), finding in after.items() if with_findings],
    }


def _unmuted(findings: FindingsByKey) -> dict[tuple[str, str], Finding]:
    """Findings that no rule mutes: a new mute counts as a removal."""
    return {key: finding for key, finding in findings.items() if not finding.muted}


def _summaries(findings: FindingsByKey, keys: Collection[tuple[str, str]]) -> list[Json]:
    return [_summary(key[0], finding) for key, finding in findings.items() if key in keys]


def _summary(run: str, finding: Finding) -> Json:
    return {
        "run": run,
        "id": finding.id,
        "symptom": finding.symptom,
        "severity": finding.severity,
        "kind": finding.kind,
        "tensor": finding.tensor,
        "layer": finding.layer,
    }
