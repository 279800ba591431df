"""The optimizer's settings and current values, which some rules use."""

import math
from typing import Any, Final

NUMBERS: Final = (
    *("epsilon", "clipnorm", "global_clipnorm", "clipvalue", "weight_decay", "momentum"),
    "gradient_accumulation_steps",
)
FLAGS: Final = ("use_ema", "nesterov", "amsgrad")


def optimizer_settings(optimizer: Any) -> dict[str, str | float | bool]:
    """Name, initial learning rate and constants of a Keras optimizer; empty for None.

    Of a `LossScaleOptimizer` they are those of its inner optimizer, and ``loss_scale`` is true.
    """
    if optimizer is None:
        return {}
    inner = getattr(optimizer, "inner_optimizer", None)
    subject = optimizer if inner is None else inner
    settings: dict[str, str | float | bool] = {
        "optimizer": type(subject).__name__,
        "loss_scale": inner is not None,
    }
    for name in NUMBERS:
        number = _number(getattr(subject, name, None))
        if number is not None:
            settings[name] = number
    settings.update({name: True for name in FLAGS if getattr(subject, name, False) is True})
    rate = initial_learning_rate(subject)
    if rate is not None:
        settings["learning_rate"] = rate
    return settings


def training_numbers(optimizer: Any) -> dict[str, Any]:
    """The optimizer's current learning rate and loss scale, if any, as tensors or numbers.

    With a loss scale there is also a placeholder for the number of skipped steps, which is counted elsewhere.
    """
    if optimizer is None:
        return {}
    numbers: dict[str, Any] = {}
    subject = getattr(optimizer, "inner_optimizer", None) or optimizer
    rate = getattr(subject, "learning_rate", None)
    if rate is not None:
        numbers["learning_rate"] = rate
    scale = getattr(optimizer, "dynamic_scale", None)
    if scale is not None:
        numbers["loss_scale"] = scale
        numbers["skipped_steps"] = 0.0
    return numbers


def optimizer_calls(optimizer: Any) -> int:
    """The number of calls of the optimizer so far; 0 for None.

    If gradients are accumulated, Keras's ``iterations`` counts the updates, and only a private variable the
    calls.
    """
    if optimizer is None:
        return 0
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    accumulated = getattr(inner, "gradient_accumulation_steps", None)
    count = getattr(inner, "_iterations", None) if accumulated else getattr(optimizer, "iterations", None)
    return 0 if count is None else int(count.numpy())


def initial_learning_rate(optimizer: Any) -> float | None:
    """The learning rate, of a schedule its first one; None if it cannot be read."""
    rate = getattr(optimizer, "_learning_rate", getattr(optimizer, "learning_rate", None))
    try:
        return _number(rate(0) if callable(rate) else rate)
    except Exception:  # a custom schedule may raise anything
        return None


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value.numpy() if hasattr(value, "numpy") else value)  # Keras before 3.5 has no float()
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
