"""Roles of parameters, by the names that Flax, Haiku and Equinox give them, and by their shapes."""

from typing import Final

from tb_gradhealth.record import Role

BIASES: Final = frozenset({"bias", "b", "b_i", "b_h"})
NORMS: Final = frozenset({"scale", "offset", "gamma", "beta", "g"})
RECURRENT: Final = frozenset({"w_h", "weight_hh", "recurrent_kernel"})

HIDDEN: Final = frozenset({"hi", "hf", "hg", "ho", "hr", "hz", "hn", "recurrent"})
"""Names of the dense layers in Flax's recurrent cells that multiply the hidden state."""


def role_of(name: str, shape: tuple[int, ...]) -> Role:
    """The role of a parameter.

    Args:
        name: its path, ``"Dense_0/kernel"``.
        shape: its shape.
    """
    *layers, last = name.lower().split("/")
    layer = layers[-1] if layers else ""
    if "lora" in name.lower():
        return "other"
    if last in BIASES or "bias" in last:
        return "bias"
    if last in NORMS or "norm" in layer:
        return "norm"
    if "embed" in last or ("embed" in layer and last in ("weight", "w")):
        return "embedding"
    if last in RECURRENT or layer in HIDDEN:
        return "recurrent"
    if len(shape) >= 2:
        return "kernel"
    # Equinox names the scale of its layers of normalization so; no dense layer has a vector of weights.
    return "norm" if last == "weight" and len(shape) == 1 else "other"
