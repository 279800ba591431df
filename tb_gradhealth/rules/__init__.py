"""Rule files: what a user may change about the rules, as TOML or as plain Python values.

``load`` takes a preset's name or a file's path and gives the `RuleSet` that `RunHealth` judges by;
``schema`` is the JSON schema that files are checked against, made from the symptom table.
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
