"""Pure judgement: records in, findings out. NumPy only, no files, no framework, no HTTP.

``RunHealth`` is the door; ``symptoms/`` holds one small file per symptom; ``lifecycle`` turns their
judgements into findings; ``origin`` says which of those that began together came first.
"""

from tb_gradhealth.health.findings import Finding, Severity, Verdict, at_least, finding_as_json
from tb_gradhealth.health.run import RunHealth, RunSummary
from tb_gradhealth.health.stream import Evidence
from tb_gradhealth.health.symptom import Symptom
from tb_gradhealth.health.symptoms import SYMPTOMS

__all__ = [
    "SYMPTOMS",
    "Evidence",
    "Finding",
    "RunHealth",
    "RunSummary",
    "Severity",
    "Symptom",
    "Verdict",
    "at_least",
    "finding_as_json",
]
