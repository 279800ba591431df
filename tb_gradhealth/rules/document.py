"""Rule sets as rule files: the default rules with every number explained, or only what differs from them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import tomli_w

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, AnySymptom, RuleSet, parameters
from tb_gradhealth.rules.schema import VERSION


def document() -> str:
    """The default rules as TOML."""
    head = "# The default rules of tb_gradhealth. Keep what you change, delete the rest.\nversion = 1\n"
    return "\n".join([head, *(_symptom(symptom) for symptom in SYMPTOMS.values())])


def _symptom(symptom: type[AnySymptom]) -> str:
    lines = [f"# {symptom.title}: {symptom.measure}", f"[symptoms.{symptom.id}]", "enabled = true"]
    tunable = parameters(symptom.limits_type).values()
    # Python's numbers are TOML's: 1e-07 is fine there too.
    lines += [f"{parameter.name} = {parameter.default!r}  # {parameter.meaning}" for parameter in tunable]
    return "\n".join(lines) + "\n"


def document_of(rules: RuleSet) -> dict[str, Any]:
    """A rule set as the plain values of a rule file, without values that equal the defaults."""
    document: dict[str, Any] = {"version": VERSION}
    changes = {name: _changes(SYMPTOMS[name], rules) for name in SYMPTOMS if name in rules.symptoms}
    if symptoms := {name: values for name, values in changes.items() if values}:
        document["symptoms"] = symptoms
    if rules.mutes:
        document["mute"] = [
            {name: _plain(value) for name, value in asdict(mute).items() if value} for mute in rules.mutes
        ]
    return document


def toml_of(document: Mapping[str, Any]) -> str:
    """The plain values of a rule file as TOML."""
    return tomli_w.dumps(document, multiline_strings=False)


def _changes(symptom: type[AnySymptom], rules: RuleSet) -> dict[str, Any]:
    """The values of a symptom that differ from its defaults."""
    own, defaults = rules.symptom(symptom.id), parameters(symptom.limits_type)
    values: dict[str, Any] = {} if own.enabled else {"enabled": False}
    if own.least_severity != SEVERITIES[0]:
        values["least_severity"] = own.least_severity
    if own.most_severity != SEVERITIES[-1]:
        values["most_severity"] = own.most_severity
    if own.include != ("*",):
        values["include"] = list(own.include)
    if own.exclude:
        values["exclude"] = list(own.exclude)
    return values | {name: value for name, value in own.limits.items() if value != defaults[name].default}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
