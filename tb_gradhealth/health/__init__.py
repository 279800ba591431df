"""Pure judgement: records in, findings out. NumPy only, no files, no framework, no HTTP.

``RunHealth`` is the door; ``symptoms/`` holds one small file per symptom; ``history`` keeps what was
recorded in bounded size; ``lifecycle`` turns judgements into findings; ``incidents`` groups those that
began together and says which came first; ``rule_set`` is what a user may change.
"""

from tb_gradhealth.health.assessment import Assessment, NotJudged, ranks
from tb_gradhealth.health.findings import Finding, Severity, Verdict, at_least, finding_as_json
from tb_gradhealth.health.limits import Limits, Number, Parameter, parameters
from tb_gradhealth.health.rule_set import Mute, RuleSet, SymptomRules
from tb_gradhealth.health.run import RunHealth, RunSummary
from tb_gradhealth.health.states import SymptomState
from tb_gradhealth.health.stream import Evidence
from tb_gradhealth.health.symptom import AnySymptom, Symptom
from tb_gradhealth.health.symptoms import SYMPTOMS

__all__ = [
    "SYMPTOMS",
    "AnySymptom",
    "Assessment",
    "Evidence",
    "Finding",
    "Limits",
    "Mute",
    "NotJudged",
    "Number",
    "Parameter",
    "RuleSet",
    "RunHealth",
    "RunSummary",
    "Severity",
    "Symptom",
    "SymptomRules",
    "SymptomState",
    "Verdict",
    "at_least",
    "finding_as_json",
    "parameters",
    "ranks",
]
