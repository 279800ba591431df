"""What a record holds of one layer's output, or of a batch's inputs or targets."""

from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled
from tb_gradhealth.capture.tensorflow.measuring.magnitudes import sampled
from tb_gradhealth.capture.tensorflow.measuring.operands import MEASURED_OF, Operand, as_float32, count
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.measuring.statistics import measure
from tb_gradhealth.capture.tensorflow.measuring.units import (
    dormant_fraction,
    outer_fraction,
    saturated_fraction,
)
from tb_gradhealth.capture.tensorflow.network.structure import GATED, SATURATING

OF_UNITS: Final = {
    "dormant_fraction": GATED,
    "saturated_fraction": frozenset(SATURATING),
    "outer_fraction": frozenset(SATURATING),
}
"""Columns of a layer's units, and the activation functions for which they have a meaning."""


def output(value: Any, suspicious: Any, squashing: str) -> Any:
    """The columns `MEASURED`, packed magnitudes, and `OF_UNITS`, float32 [20].

    Those of units are for whom they have a meaning; the last two are NaN for a function without flat ends.

    Args:
        value: floating tensor of any shape, samples along the first axis.
        suspicious: whether something is wrong with the step, bool scalar: then extremes and faults are those
            of all samples.
        squashing: the layer's activation function where it has two flat ends, else ``""``.
    """
    part = first_samples(value, MEASURED_OF)
    # A compiler is given no choice: it would compile both branches.
    searched = value if is_compiled() else tf.cond(suspicious, lambda: value, lambda: part)
    part = as_float32(part)
    operand = Operand(part, as_float32(searched), count(part))
    zeros, magnitudes = sampled([operand])
    measured = measure([operand], zeros)
    nothing = tf.constant(float("nan"))
    dormant = dormant_fraction(part) if part.shape.rank else nothing
    saturated = saturated_fraction(part, squashing) if squashing else nothing
    outer = outer_fraction(part, squashing) if squashing else nothing
    return tf.concat([measured[0], magnitudes[0], [dormant, saturated, outer]], 0)
