"""The first samples of a batch, with the units along the last axis."""

import torch

from tb_gradhealth.capture.statistics.batch_sizes import samples_within


def first_samples(values: torch.Tensor, max_elements: int, units: int) -> torch.Tensor:
    """A view of the first samples that have ``max_elements`` together, or of a part of the first one.

    Of a sample that is larger, such as the scores of a language model, the first positions are taken.

    Args:
        values: a batch, with the samples along the first axis.
        max_elements: elements that are measured.
        units: the axis of the units, which stays whole.
    """
    if not values.dim() or values.numel() <= max_elements:
        return values
    per_sample = values.numel() // values.shape[0]
    values = values[: samples_within(per_sample, max_elements)]
    for axis in range(1, values.dim()):
        if axis != units and values.numel() > max_elements:
            keep = max(max_elements * values.shape[axis] // values.numel(), 1)
            values = values.narrow(axis, 0, keep)
    return values


def unit_peaks(values: torch.Tensor, axis: int) -> torch.Tensor:
    """The largest output of each unit over samples and positions, [units]; NaN if one is NaN."""
    return values.amax(dim=[each for each in range(values.dim()) if each != axis])
