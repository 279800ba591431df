"""`symptoms` and `rules`: what is looked for, by which numbers, and which file says so."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from inspect import getdoc
from typing import Any, Final

import tomli_w

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, AnySymptom, Parameter, RuleSet, parameters
from tb_gradhealth.plugin.answers.common import Json
from tb_gradhealth.plugin.answers.scope import judged_kinds, scope_sentence
from tb_gradhealth.rules import PRESETS, load, preset_text

MANY_DECADES: Final = 1e-2
"""Up to this default a number is set on a logarithmic scale."""


def symptoms_answer() -> Json:
    """What each symptom means, how it is measured and what to do about it."""
    return {
        "schema": "gradhealth.symptoms/1",
        "symptoms": [
            {
                **symptom.as_json(),
                "formula": symptom.measure,
                "source": getdoc(symptom) or "",
                "kinds": judged_kinds(symptom),
            }
            for symptom in SYMPTOMS.values()
        ],
    }


def rules_answer(rules: RuleSet, origin: str, problem: str) -> Json:
    """The rule set that runs are judged by, as values, as a file, and beside the presets.

    Args:
        rules: the rule set.
        origin: the file it is from, or a preset's name.
        problem: why the file that was wanted is not used, empty where it is.
    """
    return {
        "schema": "gradhealth.rules/1",
        "origin": origin,
        "problem": problem,
        "toml": rules_toml(rules_document(rules)),
        "rules": rules_document(rules),
        "presets": [_preset(name) for name in PRESETS],
        "symptoms": [_symptom(symptom, rules) for symptom in SYMPTOMS.values()],
        "mutes": [
            {**asdict(mute), "until": _day(mute.until), "expires": _day(mute.until)} for mute in rules.mutes
        ],
    }


def rules_document(rules: RuleSet) -> dict[str, Any]:
    """A rule set as the document that would give it, without what the defaults say anyway."""
    document: dict[str, Any] = {"version": 1}
    symptoms = {name: _wanted(SYMPTOMS[name], rules) for name in SYMPTOMS if name in rules.symptoms}
    if symptoms := {name: wanted for name, wanted in symptoms.items() if wanted}:
        document["symptoms"] = symptoms
    if rules.mutes:
        document["mute"] = [
            {key: _day(value) if key == "until" else value for key, value in asdict(mute).items() if value}
            for mute in rules.mutes
        ]
    return document


def rules_toml(document: Mapping[str, Any]) -> str:
    """A document as the file that `gradhealth check --rules` reads."""
    return tomli_w.dumps(document, multiline_strings=False)


def _wanted(symptom: type[AnySymptom], rules: RuleSet) -> dict[str, Any]:
    wanted, known = rules.symptom(symptom.id), parameters(symptom.limits_type)
    own: dict[str, Any] = {} if wanted.enabled else {"enabled": False}
    if wanted.least_severity != SEVERITIES[0]:
        own["least_severity"] = wanted.least_severity
    if wanted.most_severity != SEVERITIES[-1]:
        own["most_severity"] = wanted.most_severity
    if wanted.include != ("*",):
        own["include"] = list(wanted.include)
    if wanted.exclude:
        own["exclude"] = list(wanted.exclude)
    changed = {name: value for name, value in wanted.limits.items() if value != known[name].default}
    return own | changed


def _preset(name: str) -> Json:
    comment = [line.lstrip("# ") for line in preset_text(name).splitlines() if line.startswith("#")]
    return {"name": name, "summary": " ".join(comment), "rules": rules_document(load(name))}


def _symptom(symptom: type[AnySymptom], rules: RuleSet) -> Json:
    wanted = rules.symptom(symptom.id)
    return {
        "id": symptom.id,
        "title": symptom.title,
        "enabled": wanted.enabled,
        "least_severity": wanted.least_severity,
        "most_severity": wanted.most_severity,
        "include": list(wanted.include),
        "exclude": list(wanted.exclude),
        "scope": scope_sentence(symptom),
        "limits": [
            _limit(parameter, wanted.limits) for parameter in parameters(symptom.limits_type).values()
        ],
    }


def _limit(parameter: Parameter, limits: Mapping[str, Any]) -> Json:
    return {
        "name": parameter.name,
        "value": limits.get(parameter.name, parameter.default),
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "meaning": parameter.meaning,
        "integer": isinstance(parameter.default, int),
        "logarithmic": isinstance(parameter.default, float) and 0 < parameter.default <= MANY_DECADES,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
