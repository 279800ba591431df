"""Pure judgement: records in, findings out. NumPy only, no files, no framework, no HTTP.

Rooms, each of which may use those below it only, and only what their ``__init__`` exports:

* ``judging``: runs a rule set over the records of a run (`RunHealth`)
* ``symptoms``: one file per symptom
* ``protocol``: what a symptom is made of: base class, limits, network rows, blocks of records, baselines
* ``loss``: the outcome of the loss, whether the training learns
* ``series``: recorded time series in bounded memory, and chart queries; ``results``: findings and their words
* ``arrays``: array types and operations along records
"""

from tb_gradhealth.health.judging import Evidence, Mute, RuleSet, RunHealth, RunSummary, SymptomRules
from tb_gradhealth.health.protocol import AnySymptom, Limits, Number, Parameter, Symptom, parameters
from tb_gradhealth.health.results import (
    SEVERITIES,
    Assessment,
    Finding,
    NotJudged,
    Severity,
    SymptomState,
    Verdict,
    at_least,
    finding_as_json,
    sort_key,
    urgency_ranks,
)
from tb_gradhealth.health.symptoms import SYMPTOMS

__all__ = [
    "SEVERITIES",
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
    "sort_key",
    "urgency_ranks",
]
