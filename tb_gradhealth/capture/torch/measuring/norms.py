"""Step statistics: one number for each tensor, by as few operations as possible and without waiting."""

import functools
import math
from collections.abc import Sequence
from typing import Final

import torch

HALF: Final = (torch.float16, torch.bfloat16)


def rms(operands: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
    """The RMS of each tensor, float32 [tensors]; not finite if an element is not, or if its square overflows.

    Args:
        operands: results of `operands.operand`.
        device: of the result.
    """
    if not operands:
        return torch.zeros([0], device=device)
    return norms(operands, 2.0, device, mean=True)


def norms(
    operands: Sequence[torch.Tensor], order: float, device: torch.device, mean: bool = False
) -> torch.Tensor:
    """The norm of each tensor, float32 [tensors]; 0 of an empty tensor.

    Args:
        operands: results of `operands.operand`.
        order: 2, or infinity for the largest |x|.
        device: of the result.
        mean: whether each norm is divided by the root of the number of elements.
    """
    groups = _groups(operands)
    parts = []
    for (place, dtype), indices in groups.items():
        group = [operands[index] for index in indices]
        found: Sequence[torch.Tensor]
        if not math.isinf(order):
            found = torch._foreach_norm(group, order, dtype=torch.float32 if dtype in HALF else None)
        elif place.type == "cpu":
            # Its norm of infinite order takes ten times as long as its other reductions.
            found = [each.amax() for each in torch._foreach_abs(group)]
        else:
            found = torch._foreach_norm(group, order)
        if not mean:
            together = torch.stack(found)
        elif place.type == "cpu":
            together = torch.stack(found) * _factors(tuple(map(torch.numel, group)))
        else:
            # As arguments of an operation: copying a tensor of them would make the host wait.
            torch._foreach_mul_(found, [values.numel() ** -0.5 for values in group])
            together = torch.stack(found)
        parts.append(together.to(device, torch.float32, non_blocking=True))
    if len(parts) == 1 and parts[0].numel() == len(operands):
        return parts[0]
    result = torch.zeros([len(operands)], device=device)
    for indices, part in zip(groups.values(), parts, strict=True):
        result.index_copy_(0, _positions(tuple(indices), device), part)
    return result


def _groups(operands: Sequence[torch.Tensor]) -> dict[tuple[torch.device, torch.dtype], Sequence[int]]:
    """The indices of the tensors that are not empty, by device and dtype."""
    first = operands[0] if operands else None
    if first is not None:
        place, dtype = first.device, first.dtype
        if all(each.dtype is dtype and each.device == place and each.numel() for each in operands):
            return {(place, dtype): range(len(operands))}
    groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for index, values in enumerate(operands):
        if values.numel():
            groups.setdefault((values.device, values.dtype), []).append(index)
    return dict(groups)


@functools.lru_cache(64)
def _factors(sizes: tuple[int, ...]) -> torch.Tensor:
    return torch.tensor([size**-0.5 for size in sizes])


@functools.lru_cache(64)
def _positions(indices: tuple[int, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor(indices, dtype=torch.int64, device=device)
