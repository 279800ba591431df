"""Makes rule sets from presets, TOML files and plain values, and words what is wrong with them."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema

from tb_gradhealth.health import SEVERITIES, Mute, RuleSet, SymptomRules
from tb_gradhealth.rules.schema import schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT: Final = "default"

PRESETS: Final = ("default", "strict", "quiet", "llm", "rl")
"""The rule sets that come with the package."""


class RulesError(ValueError):
    """A rule set cannot be used; the message has one line per fault, with its key and a fix."""


def load(source: str) -> RuleSet:
    """The rule set of a preset's name or of a TOML file.

    Raises:
        RulesError: no such preset or file, no TOML, or not valid by the schema.
    """
    if source in PRESETS:
        return rules_from_text(preset_text(source), source)
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        known = ", ".join(PRESETS)
        raise RulesError(f"{source}: cannot be read ({reason}); the presets are {known}") from None
    return rules_from_text(text, source)


def rules_from_text(text: str, name: str = "rules") -> RuleSet:
    """The rule set of a rule file's text.

    Args:
        text: TOML.
        name: name of the rule set, in messages too.

    Raises:
        RulesError: the text is no TOML, or not valid by the schema.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # includes numbers that are too long, tables too deep
        raise RulesError(f"{name}: is no TOML: {error}") from None
    return rules_from(values, name)


def rules_from(values: Mapping[str, Any], name: str = "rules") -> RuleSet:
    """The rule set of plain values, in the form of a rule file.

    Args:
        values: as in a TOML file.
        name: name of the rule set, in messages too.

    Raises:
        RulesError: the values are not valid by the schema.
    """
    plain = _plain(values)
    faults = [_sentence(error) for error in _validator().iter_errors(plain)]
    if not faults:
        faults = _contradictions(plain)
    if faults:
        raise RulesError("\n".join(f"{name}: {fault}" for fault in faults))
    base = plain.get("extends", DEFAULT)
    if base not in PRESETS:
        raise RulesError(f"{name}: extends: there is no preset {base!r}{_suggestion(base, PRESETS)}")
    start = RuleSet() if base == DEFAULT else load(base)
    symptoms = dict(start.symptoms)
    for identity, entry in plain.get("symptoms", {}).items():
        symptoms[identity] = _changed(start.symptom(identity), entry)
    mutes = tuple(_mute(mute) for mute in plain.get("mute", []))
    return RuleSet(name=name, symptoms=symptoms, mutes=(*start.mutes, *mutes))


def rules_from_json(text: str, name: str = "rules") -> RuleSet:
    """The rule set of a rule file's values as JSON.

    Args:
        text: a JSON object.
        name: what to call the rule set, in messages too.

    Raises:
        RulesError: the text is no JSON object, or not what the schema says.
    """
    try:
        values = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise RulesError(f"{name}: is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise RulesError(f"{name}: a JSON object is needed, in the form of a rule file")
    return rules_from(values, name)


def preset_summary(name: str) -> str:
    """What a preset is for: the comment at the top of its file.

    Raises:
        RulesError: there is no such preset.
    """
    lines = preset_text(name).splitlines()
    return " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))


def preset_text(name: str) -> str:
    """The TOML file of a preset.

    Raises:
        RulesError: there is no such preset.
    """
    if name not in PRESETS:
        raise RulesError(f"there is no preset {name!r}{_suggestion(name, PRESETS)}")
    return files("tb_gradhealth.rules").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")


def _changed(start: SymptomRules, entry: Mapping[str, Any]) -> SymptomRules:
    """The preset's rules of a symptom, changed by an entry of a rule file."""
    fields: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for key, value in entry.items():
        target = fields if key in SymptomRules.__dataclass_fields__ else limits
        target[key] = tuple(value) if isinstance(value, list) else value
    return replace(start, **fields, limits={**start.limits, **limits})


def _mute(values: Mapping[str, str]) -> Mute:
    until = values.get("until")
    texts = {key: value for key, value in values.items() if key != "until"}
    return Mute(**texts, until=None if until is None else date.fromisoformat(until))


def _plain(value: Any) -> Any:
    """The values with TOML's dates as text, because JSON schemas have no dates."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _reject_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _validator() -> Any:
    kind = jsonschema.Draft202012Validator
    return kind(schema(), format_checker=kind.FORMAT_CHECKER)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Faults that a schema cannot express: bounds that cross, limits that are not finite."""
    faults = []
    for identity, entry in values.get("symptoms", {}).items():
        faults += [
            f"symptoms.{identity}.{key}: {value!r} is not a finite number"
            for key, value in entry.items()
            if isinstance(value, float) and not math.isfinite(value)
        ]
        lowest = entry.get("least_severity", SEVERITIES[0])
        highest = entry.get("most_severity", SEVERITIES[-1])
        if SEVERITIES.index(lowest) > SEVERITIES.index(highest):
            faults.append(
                f"symptoms.{identity}: least_severity {lowest!r} is above most_severity {highest!r}"
            )
    return faults


def _sentence(error: Any) -> str:
    """A validator's error as a sentence: the key, what is wrong, what to write instead."""
    path = ".".join(str(part) for part in error.absolute_path)
    where = f"{path}: " if path else ""
    if error.validator == "additionalProperties":
        known = tuple(error.schema["properties"])
        unknown = sorted(set(error.instance) - set(known))
        return "; ".join(f"{where}unknown key {key!r}{_suggestion(key, known)}" for key in unknown)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{where}{', '.join(missing)} is missing"
    if error.validator in ("format", "pattern"):
        return f"{where}{error.instance!r} is no date, write YYYY-MM-DD"
    if error.validator == "type":
        return f"{where}{error.instance!r} is not of type {error.validator_value}"
    if error.validator == "enum":
        return f"{where}{error.instance!r} is none of {', '.join(map(str, error.validator_value))}"
    if error.validator in ("minimum", "maximum"):
        bound = "at least" if error.validator == "minimum" else "at most"
        return f"{where}{error.instance!r} is out of range, it must be {bound} {error.validator_value}"
    return f"{where}{error.message}"


def _suggestion(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f", did you mean {near[0]!r}?"
    return f"; known are {', '.join(known)}"
