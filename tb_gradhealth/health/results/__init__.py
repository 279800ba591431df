"""What judging a run gives: findings, incidents, states and the assessment, as plain values and sentences."""

from tb_gradhealth.health.results.assessment import (
    Assessment,
    Closest,
    NotJudged,
    headline_of,
    ranks,
    sort_key,
)
from tb_gradhealth.health.results.findings import (
    Finding,
    Unit,
    Verdict,
    finding_as_json,
    finding_id,
    in_order,
    verdict_of,
)
from tb_gradhealth.health.results.incidents import Located, grouped
from tb_gradhealth.health.results.origin_notes import gap_before, input_at_fault
from tb_gradhealth.health.results.severity import CRITICAL, INFO, SEVERITIES, WARNING, Severity, at_least
from tb_gradhealth.health.results.symptom_state import Condition, SymptomState
from tb_gradhealth.health.results.wording import (
    beside_limit,
    loss_name,
    number,
    ordinal,
    percent,
    times,
    whole,
)

__all__ = [
    "CRITICAL",
    "INFO",
    "SEVERITIES",
    "WARNING",
    "Assessment",
    "Closest",
    "Condition",
    "Finding",
    "Located",
    "NotJudged",
    "Severity",
    "SymptomState",
    "Unit",
    "Verdict",
    "assess",
    "at_least",
    "beside_limit",
    "finding_as_json",
    "finding_id",
    "gap_before",
    "grouped",
    "headline_of",
    "in_order",
    "input_at_fault",
    "loss_name",
    "number",
    "ordinal",
    "percent",
    "ranks",
    "sort_key",
    "times",
    "verdict_of",
    "whole",
]
