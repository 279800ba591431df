"""The interface of a symptom: the base class `Symptom`, its limits, its input and its output.

* ``symptom``: the base class and its output, a `Judgement`; ``limits``: the tunable numbers.
* Input: the network's rows (``structure``), a block of records (``block``), the flight recorder's steps
  (``steps``).
* ``baseline`` and ``spike``: shared by symptoms that compare a tensor with its own past.
"""

from tb_gradhealth.health.protocol.baseline import Baseline, Comparison, RowSelection, no_outliers
from tb_gradhealth.health.protocol.block import Block, NumberIndex, RecordNumbers, RowColumns, View
from tb_gradhealth.health.protocol.limits import Limits, Number, Parameter, limit, parameters
from tb_gradhealth.health.protocol.spike import Spike, SpikeLimits
from tb_gradhealth.health.protocol.steps import StepsView, window_maxima
from tb_gradhealth.health.protocol.structure import NO_GRADIENT, Scope, Structure, watched_every
from tb_gradhealth.health.protocol.symptom import (
    AnySymptom,
    Facts,
    Judgement,
    Labels,
    Symptom,
    judgement,
    loss_level,
)

__all__ = [
    "NO_GRADIENT",
    "AnySymptom",
    "Baseline",
    "Block",
    "Comparison",
    "Facts",
    "Judgement",
    "Labels",
    "Limits",
    "Number",
    "NumberIndex",
    "Parameter",
    "RecordNumbers",
    "RowColumns",
    "RowSelection",
    "Scope",
    "Spike",
    "SpikeLimits",
    "StepsView",
    "Structure",
    "Symptom",
    "View",
    "judgement",
    "limit",
    "loss_level",
    "no_outliers",
    "parameters",
    "watched_every",
    "window_maxima",
]
