"""What a record holds of one layer's output, or of a batch's inputs or targets."""

from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled
from tb_gradhealth.capture.tensorflow.measuring.magnitudes import sampled
from tb_gradhealth.capture.tensorflow.measuring.operands import activation
from tb_gradhealth.capture.tensorflow.measuring.statistics import measure
from tb_gradhealth.capture.tensorflow.measuring.units import (
    dormant_fraction,
    outer_fraction,
    saturated_fraction,
)
from tb_gradhealth.capture.tensorflow.network.structure import GATED, SATURATING

OF_UNITS: Final = ("dormant_fraction", "saturated_fraction", "outer_fraction")
"""Columns of a layer whose units are looked at."""


def output(value: Any, suspicious: Any, function: str) -> Any:
    """The columns `MEASURED`, packed magnitudes, and `OF_UNITS`, float32 [20]; NaN for what has no meaning.

    Args:
        value: floating tensor of any shape, samples along the first axis.
        suspicious: whether something is wrong with the step, bool scalar: then extremes and faults are those
            of all samples. A compiler is given no choice: two branches take it twice as long.
        function: the layer's activation function where its units are looked at, else ``""``.
    """
    part = activation(value, whole=False)
    zeros, magnitudes = sampled([part])
    if is_compiled():
        measured = measure([activation(value, whole=True)], zeros)
    else:
        measured = tf.cond(
            suspicious,
            lambda: measure([activation(value, whole=True)], zeros),
            lambda: measure([part], zeros),
        )
    nothing = tf.constant(float("nan"))
    dormant = dormant_fraction(part.values) if function in GATED else nothing
    squashed = function in SATURATING
    saturated = saturated_fraction(part.values, function) if squashed else nothing
    outer = outer_fraction(part.values, function) if squashed else nothing
    return tf.concat([measured[0], magnitudes[0], [dormant, saturated, outer]], 0)
