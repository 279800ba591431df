"""The JSON schema of a rule file, made from the symptom table."""

from typing import Any, Final

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, AnySymptom, Parameter, parameters

VERSION: Final = 1
"""Version of the rule file's format."""

PATTERNS: Final = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a rule file, as plain values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tb_gradhealth rule set",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION, "description": "version of this form"},
            "extends": {"type": "string", "description": "the preset this file changes"},
            "symptoms": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _symptom(symptom) for name, symptom in SYMPTOMS.items()},
            },
            "mute": {"type": "array", "items": _mute()},
        },
    }


def _symptom(symptom: type[AnySymptom]) -> dict[str, Any]:
    tunable = parameters(symptom.limits_type).values()
    return {
        "type": "object",
        "description": f"{symptom.title}: {symptom.measure}",
        "additionalProperties": False,
        "properties": {
            "enabled": {"type": "boolean", "default": True, "description": "whether it is judged at all"},
            "least_severity": _severity("its findings weigh at least that", "info"),
            "most_severity": _severity("its findings weigh at most that", "critical"),
            "include": {**PATTERNS, "minItems": 1, "description": "patterns of the tensors to judge"},
            "exclude": {**PATTERNS, "description": "patterns of the tensors to leave out"},
            **{parameter.name: _number(parameter) for parameter in tunable},
        },
    }


def _number(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "integer" if isinstance(parameter.default, int) else "number",
        "default": parameter.default,
        "description": parameter.meaning,
    }
    if parameter.minimum is not None:
        found["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        found["maximum"] = parameter.maximum
    return found


def _severity(meaning: str, default: str) -> dict[str, Any]:
    return {"enum": list(SEVERITIES), "default": default, "description": meaning}


def _mute() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["reason"],
        "properties": {
            "symptom": {**text, "default": "*", "description": "pattern of symptom ids"},
            "tensor": {**text, "default": "*", "description": "pattern of tensor names"},
            "reason": {**text, "description": "why it is accepted"},
            "until": {
                "type": "string",
                "format": "date",
                "pattern": r"^\d{4}-\d{2}-\d{2}$",
                "description": "the last day on which it holds",
            },
        },
    }
