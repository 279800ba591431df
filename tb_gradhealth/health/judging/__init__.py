"""Runs a rule set over the records of a run: blocks through every symptom, breaches into findings.

`RunHealth` judges a run, `StreamHealth` one recorder's history, a rule runner one symptom, and `lifecycle`
opens, weighs and resolves findings. `rule_set` holds what a user may change.
"""

from tb_gradhealth.health.judging.rule_set import Mute, RuleSet, SymptomRules
from tb_gradhealth.health.judging.run import RunHealth, RunSummary
from tb_gradhealth.health.judging.stream import BLOCK, Evidence

__all__ = [
    "BLOCK",
    "Evidence",
    "Mute",
    "RuleSet",
    "RunHealth",
    "RunSummary",
    "SymptomRules",
]
