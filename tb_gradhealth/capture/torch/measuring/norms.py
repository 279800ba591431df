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
    factors = [1 / math.sqrt(max(values.numel(), 1)) for values in operands]
    return norms(operands, 2.0, device, factors)


def norms(
    operands: Sequence[torch.Tensor],
    order: float,
    device: torch.device,
    factors: Sequence[float] | None = None,
) -> torch.Tensor:
    """The norm of each tensor times its factor, float32 [tensors]; 0 of an empty tensor.

    The norm of infinite order is the largest |x|. Factors go to an accelerator as arguments of an operation:
    copying a tensor of them would make the host wait.
    """
    groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for index, values in enumerate(operands):
        if values.numel():
            groups.setdefault((values.device, values.dtype), []).append(index)
    parts = []
    for (_, dtype), indices in groups.items():
        group = [operands[index] for index in indices]
        if math.isinf(order):
            found = torch._foreach_norm(group, order)
        else:
            found = torch._foreach_norm(group, order, dtype=torch.float32 if dtype in HALF else None)
        if factors is None:
            together = torch.stack(found)
        elif group[0].is_cpu:
            together = torch.stack(found) * torch.tensor([factors[index] for index in indices])
        else:
            torch._foreach_mul_(found, [factors[index] for index in indices])
            together = torch.stack(found)
        parts.append(together.to(device, torch.float32, non_blocking=True))
    if len(parts) == 1 and len(groups) == 1 and parts[0].numel() == len(operands):
        return parts[0]
    result = torch.zeros([len(operands)], device=device)
    for indices, part in zip(groups.values(), parts, strict=True):
        result.index_copy_(0, _positions(tuple(indices), device), part)
    return result


@functools.lru_cache(64)
def _positions(indices: tuple[int, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor(indices, dtype=torch.int64, device=device)
