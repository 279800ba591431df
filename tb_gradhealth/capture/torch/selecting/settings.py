"""The optimizers' settings and current values, which some rules use."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch.optim import Optimizer

NUMBERS: Final = {"eps": "epsilon", "weight_decay": "weight_decay", "momentum": "momentum"}
"""Names of settings in a parameter group, and in the row table."""

FLAGS: Final = ("nesterov", "amsgrad", "maximize", "fused", "foreach", "capturable")


def optimizer_settings(optimizers: Sequence[Optimizer]) -> dict[str, str | float | bool]:
    """Name, initial learning rate and constants of the first optimizer's first group; empty without one."""
    if not optimizers:
        return {}
    group = optimizers[0].param_groups[0]
    settings: dict[str, str | float | bool] = {"optimizer": type(optimizers[0]).__name__}
    for name, recorded in NUMBERS.items():
        number = _number(group.get(name))
        if number is not None:
            settings[recorded] = number
    settings.update({name: True for name in FLAGS if group.get(name) is True})
    rate = _number(group.get("lr"))
    if rate is not None:
        settings["learning_rate"] = rate
    return settings


def learning_rate(optimizers: Sequence[Optimizer]) -> float | torch.Tensor | None:
    """The current learning rate of the first optimizer's first group."""
    rate = optimizers[0].param_groups[0].get("lr") if optimizers else None
    return rate.detach() if isinstance(rate, torch.Tensor) else rate


def _number(value: Any) -> float | None:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
