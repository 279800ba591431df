"""Groups of activation functions, by the names in rows, for statistics of single units."""

from typing import Final

from tb_gradhealth.record.rows import Row

RELU_LIKE: Final = frozenset({"relu", "relu6"})
"""Activation functions whose output is exactly 0 for a unit that is off."""

GATED: Final = RELU_LIKE | {
    *(
        "leaky_relu",
        "prelu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "swish",
        "hard_silu",
        "hard_swish",
        "mish",
    ),
    "softplus",
}
"""Activation functions that gate a unit, so that its output can be near zero."""

POSITIVE: Final = RELU_LIKE | {"sigmoid", "hard_sigmoid", "softmax", "softplus", "exponential"}
"""Activation functions without negative results."""

SATURATING: Final = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""Activation functions with two flat ends, and their ranges."""

WITH_UNITS: Final = GATED | frozenset(SATURATING)
"""Activation functions whose outputs are measured per unit, along the last axis."""


def unit_count(row: Row, functions: frozenset[str]) -> int:
    """Number of units of a layer with one of these activation functions, 0 for any other row."""
    measured = row.kind == "activation" and not row.not_measured and len(row.shape) > 1
    return max(row.shape[-1], 0) if measured and row.activation in functions else 0
