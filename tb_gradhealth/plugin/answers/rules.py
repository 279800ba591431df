"""Formats `symptoms` and `rules`: what each symptom means, and the rules in force."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from inspect import getdoc
from typing import Any, Final

from tb_gradhealth.health import SYMPTOMS, AnySymptom, Parameter, RuleSet, parameters
from tb_gradhealth.plugin.answers.json_values import Json
from tb_gradhealth.rules import (
    PRESETS,
    RulesInForce,
    document_of,
    judged_kinds,
    load,
    preset_summary,
    scope_sentence,
    toml_of,
)

MAX_LOGARITHMIC_DEFAULT: Final = 1e-2
"""Limits with a default up to this one are set on a logarithmic scale."""


def symptoms_answer() -> Json:
    """The meaning, formula, source and advice of each symptom."""
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


def rules_answer(in_force: RulesInForce) -> Json:
    """The rules in force as plain values and as a file, the limits of each symptom, and the presets."""
    rules = in_force.rules
    document = document_of(rules)
    return {
        "schema": "gradhealth.rules/1",
        "origin": in_force.origin,
        "problem": in_force.problem,
        "toml": toml_of(document),
        "rules": document,
        "presets": [
            {"name": name, "summary": preset_summary(name), "rules": document_of(load(name))}
            for name in PRESETS
        ],
        "symptoms": [_symptom(symptom, rules) for symptom in SYMPTOMS.values()],
        "mutes": [
            {**asdict(mute), "until": _iso(mute.until), "expires": _iso(mute.until)} for mute in rules.mutes
        ],
    }


def _symptom(symptom: type[AnySymptom], rules: RuleSet) -> Json:
    own = rules.symptom(symptom.id)
    return {
        "id": symptom.id,
        "title": symptom.title,
        "enabled": own.enabled,
        "least_severity": own.least_severity,
        "most_severity": own.most_severity,
        "include": list(own.include),
        "exclude": list(own.exclude),
        "scope": scope_sentence(symptom),
        "limits": [_limit(parameter, own.limits) for parameter in parameters(symptom.limits_type).values()],
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
        "logarithmic": isinstance(parameter.default, float)
        and 0 < parameter.default <= MAX_LOGARITHMIC_DEFAULT,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
