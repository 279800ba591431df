"""Runs a rule set over the records of a run and turns breaches into findings.

* ``run_health``: `RunHealth` judges a run with all its recorders; ``assess`` sums a run up.
* ``stream``: the results of one recorder's history; ``stream_judge`` judges its points in blocks.
* ``rule_runner`` runs one symptom; ``lifecycle`` opens, weighs and resolves its findings, whose state is in
  ``finding_states``; ``symptom_states`` gives the reason why a tensor is or is not flagged.
* ``progress``: the loss and other numbers of the training as a whole.
* ``rule_set``: what a user may change about the rules.
"""

from tb_gradhealth.health.judging.rule_set import Mute, RuleSet, SymptomRules
from tb_gradhealth.health.judging.run_health import RunHealth, RunSummary
from tb_gradhealth.health.judging.stream import Evidence
from tb_gradhealth.health.judging.stream_judge import BLOCK

__all__ = [
    "BLOCK",
    "Evidence",
    "Mute",
    "RuleSet",
    "RunHealth",
    "RunSummary",
    "SymptomRules",
]
