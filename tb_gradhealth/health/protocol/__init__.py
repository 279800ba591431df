"""What a symptom is made of: the base class, its limits, what it is given and what it gives.

Given are the network's rows (`Structure`), a block of records (`View`) and the flight recorder's steps.
`Baseline` and `Spike` are shared by symptoms that compare a tensor with its own past.
"""

from tb_gradhealth.health.protocol.baseline import Baseline, Rows, Usual, never
from tb_gradhealth.health.protocol.block import Block, Columns, Matrices, Source, View
from tb_gradhealth.health.protocol.limits import Limits, Number, Parameter, limit, parameters
from tb_gradhealth.health.protocol.spike import Spike, SpikeLimits, quietened
from tb_gradhealth.health.protocol.steps import Lines, windowed
from tb_gradhealth.health.protocol.structure import NO_GRADIENT, Scope, Structure, looked_every
from tb_gradhealth.health.protocol.symptom import (
    AnySymptom,
    Facts,
    Judgement,
    Labels,
    Symptom,
    judgement,
    of_loss,
)

__all__ = [
    "NO_GRADIENT",
    "AnySymptom",
    "Baseline",
    "Block",
    "Columns",
    "Facts",
    "Judgement",
    "Labels",
    "Limits",
    "Lines",
    "Matrices",
    "Number",
    "Parameter",
    "Rows",
    "Scope",
    "Source",
    "Spike",
    "SpikeLimits",
    "Structure",
    "Symptom",
    "Usual",
    "View",
    "judgement",
    "limit",
    "looked_every",
    "never",
    "of_loss",
    "parameters",
    "quietened",
    "windowed",
]
