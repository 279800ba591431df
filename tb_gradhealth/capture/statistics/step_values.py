"""What an adapter hands over of one step: as little as the record's statistics can be computed from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats


@dataclass(frozen=True)
class Pack:
    """Small tensors, whole and end to end.

    Attributes:
        rows: their indices in the row table.
        sizes: elements of each.
        values: float32 [sum of sizes].
    """

    rows: Sequence[int]
    sizes: Sequence[int]
    values: Floats


@dataclass(frozen=True)
class Reduced:
    """Large tensors, each read once by the adapter.

    Attributes:
        rows: their indices in the row table.
        moments: the columns `moments.MOMENTS` of each, float32 [tensors, 6].
        samples: evenly spread elements of each, float32 [elements]; all of a tensor with no more than
            `magnitudes.SAMPLE`.
        zeros: the share of zeros of those whose sample does not tell it, by row.
    """

    rows: Sequence[int]
    moments: Floats
    samples: Sequence[Floats]
    zeros: Mapping[int, float]


@dataclass(frozen=True)
class StepValues:
    """The values of one step. A row that none of them names was not measured.

    Attributes:
        packs: small tensors.
        reduced: large ones.
        batches: of layers' outputs, inputs and targets the first samples, float32 [samples, ...], by row.
        searched: the columns `moments.EXTREMES` over all samples of the batch, float32 [4], by row, where
            they were searched; else they are those of ``batches``.
        features: rows of ``batches`` whose last axis is features.
        numbers: numbers of the training, by row.
        columns: what else the adapter counted: rows and their numbers, float32 [rows], by column.
        updates_known: whether the weights of the step before were known: without them an update is nothing.
        skipped: whether a loss scaler skipped the step: its gradients are no fault.
    """

    packs: Sequence[Pack]
    reduced: Reduced
    batches: Mapping[int, Floats]
    searched: Mapping[int, Floats] = field(default_factory=dict)
    features: Collection[int] = ()
    numbers: Mapping[int, float] = field(default_factory=dict)
    columns: Mapping[str, tuple[Sequence[int], npt.NDArray[np.floating]]] = field(default_factory=dict)
    updates_known: bool = True
    skipped: bool = False
