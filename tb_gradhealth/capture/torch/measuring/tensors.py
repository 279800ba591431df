"""All statistics of gradients, weights and updates in a step with a record, as values for the host.

Small tensors are copied, and large ones reduced to their moments and a sample. The values are read at once:
this is where the host waits for the device.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.magnitudes import RUN, SAMPLE
from tb_gradhealth.capture.statistics.matrix import SMALL
from tb_gradhealth.capture.statistics.moments import MOMENTS
from tb_gradhealth.capture.torch.measuring.operands import flat

TINY: Final = 1e-15
"""Below this RMS, float32 squares lose digits."""


@dataclass
class MeasuredTensors:
    """The values of some tensors on the host.

    Attributes:
        keys: of the small tensors.
        packed: their elements, float32, one array each.
        large_keys: of the large tensors.
        moments: the columns `moments.MOMENTS` of each large one, float32 [tensors, 6].
        samples: evenly spread elements of each large one.
    """

    keys: list[Any] = field(default_factory=list)
    packed: list[Floats] = field(default_factory=list)
    large_keys: list[Any] = field(default_factory=list)
    moments: Floats = field(default_factory=lambda: np.zeros([0, len(MOMENTS)], np.float32))
    samples: list[Floats] = field(default_factory=list)


def measured(keys: Sequence[Any], operands: Sequence[torch.Tensor]) -> MeasuredTensors:
    """The values of tensors; an empty one is left out.

    Args:
        keys: what each tensor is found by.
        operands: floating tensors of any shape.
    """
    pairs = [(key, values) for key, values in zip(keys, operands, strict=True) if values.numel()]
    small = [(key, values) for key, values in pairs if values.numel() <= SMALL]
    large = [(key, values) for key, values in pairs if values.numel() > SMALL]
    result = MeasuredTensors([key for key, _ in small], large_keys=[key for key, _ in large])
    result.packed = on_host([values for _, values in small])
    if large:
        vectors = [flat(values) for _, values in large]
        result.moments = _moments(vectors)
        result.samples = on_host([sample(values, SAMPLE) for values in vectors])
    return result


def on_host(tensors: Sequence[torch.Tensor]) -> list[Floats]:
    """Copies of tensors as flat float32 arrays, by one transfer for each device."""
    found: list[Floats] = [np.zeros([0], np.float32)] * len(tensors)
    groups: dict[torch.device, list[int]] = {}
    for index, values in enumerate(tensors):
        groups.setdefault(values.device, []).append(index)
    for indices in groups.values():
        vectors = [tensors[index].reshape(-1).to(torch.float32) for index in indices]
        together = torch.cat(vectors).cpu().numpy()
        ends = np.cumsum([vector.numel() for vector in vectors])[:-1]
        for index, part in zip(indices, np.split(together, ends), strict=True):
            found[index] = part
    return found


def sample(values: torch.Tensor, max_elements: int) -> torch.Tensor:
    """At most ``max_elements`` elements in evenly spaced runs, as `statistics.magnitudes.sample`.

    Args:
        values: [elements].
        max_elements: a multiple of `RUN`.
    """
    if values.numel() <= max_elements:
        return values
    runs = max_elements // RUN
    stride = values.numel() // runs
    stride -= 1 - stride % 2
    return values[: runs * stride].view(runs, stride)[:, :RUN].reshape(-1)


def _moments(vectors: Sequence[torch.Tensor]) -> Floats:
    """The columns `MOMENTS` of each vector, float32 [vectors, 6]."""
    usual = []
    for values in vectors:
        wide = torch.float64 if values.dtype == torch.float64 else torch.float32
        norm = torch.linalg.vector_norm(values, dtype=wide)
        low, high = torch.aminmax(values)
        usual.append(torch.stack([norm, values.sum(dtype=wide), low.to(wide), high.to(wide)]))
    columns = np.stack([part.cpu().double().numpy() for part in usual])
    sizes = np.array([values.numel() for values in vectors], np.float64)
    result = np.zeros([len(vectors), len(MOMENTS)])
    result[:, 0] = columns[:, 0] / np.sqrt(sizes)
    result[:, 1] = columns[:, 1] / sizes
    result[:, 2:4] = columns[:, 2:]
    zero = (columns[:, 2] == 0) & (columns[:, 3] == 0)
    plain = np.isfinite(columns).all(axis=1) & ((result[:, 0] > TINY) | zero)
    for index in map(int, np.flatnonzero(~plain)):
        result[index] = _careful(vectors[index])
    return result.astype(np.float32)


def _careful(values: torch.Tensor) -> list[float]:
    """The columns `MOMENTS` of a vector, in which squares do not overflow and only finite elements count."""
    finite = values[torch.isfinite(values)].double()
    nans = float(torch.isnan(values).sum())
    infinities = values.numel() - finite.numel() - nans
    if not finite.numel():
        return [np.nan, np.nan, np.nan, np.nan, nans, infinities]
    rms = torch.linalg.vector_norm(finite) / finite.numel() ** 0.5
    return [float(x) for x in (rms, finite.mean(), finite.min(), finite.max(), nans, infinities)]


def extremes(values: torch.Tensor) -> Floats:
    """The columns `moments.EXTREMES` of all elements of a floating tensor, float32 [4]."""
    vector = values.reshape(-1)
    low, high = torch.aminmax(vector)
    if bool(torch.isfinite(low) & torch.isfinite(high)):
        return np.array([float(low), float(high), 0, 0], np.float32)
    return np.array(_careful(vector)[2:], np.float32)
