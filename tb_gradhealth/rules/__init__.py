"""Rule files: what a user may change about the rules, as TOML or as plain Python values.

``load`` takes a preset's name or a file's path and gives the `RuleSet` that `RunHealth` judges by,
`RulesInForce` also says where it is from; ``schema`` is the JSON schema that files are checked against, made
from the symptom table; ``document_of`` turns a rule set back into a file's values.
"""

from tb_gradhealth.rules.comparison import differing_symptoms
from tb_gradhealth.rules.document import document, document_of, toml_of
from tb_gradhealth.rules.in_force import RulesInForce
from tb_gradhealth.rules.load import (
    DEFAULT,
    PRESETS,
    RulesError,
    load,
    preset_summary,
    preset_text,
    rules_from,
    rules_from_json,
    rules_from_text,
)
from tb_gradhealth.rules.schema import schema
from tb_gradhealth.rules.scope import judged_kinds, scope_sentence

__all__ = [
    "DEFAULT",
    "PRESETS",
    "RulesError",
    "RulesInForce",
    "differing_symptoms",
    "document",
    "document_of",
    "judged_kinds",
    "load",
    "preset_summary",
    "preset_text",
    "rules_from",
    "rules_from_json",
    "rules_from_text",
    "schema",
    "scope_sentence",
    "toml_of",
]
