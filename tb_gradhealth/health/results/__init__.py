"""The results of judging a run, as plain values and sentences.

* ``findings`` and ``incidents``, which group them; ``origin_notes`` adds to the message of an origin.
* ``assessment``: a run at a glance; ``symptom_state``: one symptom of one tensor.
* ``severity``: the severities; ``wording``: numbers in sentences; ``frameworks``: an
  advice in the words of each framework.
"""

from tb_gradhealth.health.results.assessment import (
    Assessment,
    Closest,
    NotJudged,
    headline_of,
    sort_key,
    urgency_ranks,
)
from tb_gradhealth.health.results.findings import (
    Finding,
    Unit,
    Verdict,
    finding_as_json,
    finding_id,
    ordered_findings,
    verdict_of,
)
from tb_gradhealth.health.results.frameworks import FRAMEWORKS, TERMS, Framework, framework_of, worded
from tb_gradhealth.health.results.incidents import LocatedFinding, group_into_incidents
from tb_gradhealth.health.results.origin_notes import bad_input, unmeasured_gap
from tb_gradhealth.health.results.severity import CRITICAL, INFO, SEVERITIES, WARNING, Severity, at_least
from tb_gradhealth.health.results.symptom_state import Condition, SymptomState
from tb_gradhealth.health.results.wording import (
    amount,
    counted,
    listed,
    loss_name,
    number,
    ordinal,
    percent,
    times,
    value_and_limit,
    whole,
)

__all__ = [
    "CRITICAL",
    "FRAMEWORKS",
    "INFO",
    "SEVERITIES",
    "TERMS",
    "WARNING",
    "Assessment",
    "Closest",
    "Condition",
    "Finding",
    "Framework",
    "LocatedFinding",
    "NotJudged",
    "Severity",
    "SymptomState",
    "Unit",
    "Verdict",
    "amount",
    "at_least",
    "bad_input",
    "counted",
    "finding_as_json",
    "finding_id",
    "framework_of",
    "group_into_incidents",
    "headline_of",
    "listed",
    "loss_name",
    "number",
    "ordered_findings",
    "ordinal",
    "percent",
    "sort_key",
    "times",
    "unmeasured_gap",
    "urgency_ranks",
    "value_and_limit",
    "verdict_of",
    "whole",
    "worded",
]
