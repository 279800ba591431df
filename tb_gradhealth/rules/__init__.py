"""Rule files: what a user may change about the rules, as TOML or as plain Python values.

``load`` makes the `RuleSet` of a preset's name or a file's path; ``schema`` is the JSON schema that files are
checked against, made from the symptom table; ``document`` writes the default rules as TOML. The presets are
in ``presets/``.
"""

from tb_gradhealth.rules.document import document
from tb_gradhealth.rules.load import (
    DEFAULT,
    PRESETS,
    RulesError,
    load,
    preset_text,
    rules_from,
    rules_from_text,
)
from tb_gradhealth.rules.schema import schema

__all__ = [
    "DEFAULT",
    "PRESETS",
    "RulesError",
    "document",
    "load",
    "preset_text",
    "rules_from",
    "rules_from_text",
    "schema",
]
