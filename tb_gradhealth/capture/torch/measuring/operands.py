"""The numbers of a tensor that are measured: of sparse, sharded and complex ones too."""

from typing import Any, Final

import torch

PLAIN: Final = (torch.Tensor, torch.nn.Parameter)
"""Types of tensors that are not sharded."""


def operand(tensor: torch.Tensor) -> torch.Tensor:
    """The floating numbers of a tensor, without its graph.

    Of a sparse gradient they are its slices, which may contain a row several times; of a sharded tensor this
    process's shard; of a complex one the real and the imaginary parts.
    """
    detached = tensor.detach()
    if type(tensor) in PLAIN and detached.layout is torch.strided and not detached.is_complex():
        return detached
    values: Any = detached
    if hasattr(values, "to_local"):
        values = values.to_local()
    if values.layout is torch.sparse_coo:
        values = values._values()
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values


def summed(tensor: torch.Tensor) -> torch.Tensor:
    """Like `operand`, with the repeated rows of a sparse gradient summed."""
    return operand(tensor.detach().coalesce() if is_sparse(tensor) else tensor)


def is_sparse(tensor: torch.Tensor) -> bool:
    """Whether a tensor consists of some of its rows."""
    return tensor.layout is torch.sparse_coo


def flat(values: torch.Tensor) -> torch.Tensor:
    """All elements in the order of memory, [elements], without a copy if there are no gaps."""
    if values.is_contiguous():
        return values.view(-1)
    for layout in (torch.channels_last, torch.channels_last_3d):
        rank = 4 if layout is torch.channels_last else 5
        if values.dim() == rank and values.is_contiguous(memory_format=layout):
            return values.as_strided([values.numel()], [1])
    return values.t().reshape(-1) if values.dim() == 2 else values.reshape(-1)
