"""One symptom of one tensor as of the last record: flagged or not, and why."""

from dataclasses import dataclass
from typing import Literal

from tb_gradhealth.record import Kind

Condition = Literal[
    "ok",
    "info",
    "warning",
    "critical",
    "not measured",
    "excluded",
    "frozen",
    "skipped by the loss scaler",
    "no gradient",
]


@dataclass(frozen=True)
class SymptomState:
    """One symptom of one tensor, as of the last record.

    Attributes:
        symptom: its id.
        kind: what of the tensor is judged.
        tensor: its name.
        layer: its layer's name.
        state: the state.
        reason: the reason for it, as a phrase; may be empty for ``"ok"``.
        value: the newest measured value, NaN without one.
        threshold: its limit.
    """

    symptom: str
    kind: Kind
    tensor: str
    layer: str
    state: Condition
    reason: str
    value: float
    threshold: float
