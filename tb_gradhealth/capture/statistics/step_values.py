"""The values of one step that an adapter passes on: the least that the statistics can be computed from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats


@dataclass(frozen=True)
class Pack:
    """Small tensors, whole and concatenated.

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
    """Large tensors, which the adapter has reduced.

    Attributes:
        rows: their indices in the row table.
        moments: the columns `moments.MOMENTS` of each, float32 [tensors, 6].
        samples: evenly spread elements of each, float32 [elements]; all elements of a tensor that has at most
            `magnitudes.SAMPLE`.
        zeros: the share of zeros by row, where it does not follow from the sample.
    """

    rows: Sequence[int]
    moments: Floats
    samples: Sequence[Floats]
    zeros: Mapping[int, float]


@dataclass(frozen=True)
class StepValues:
    """The values of one step. A row that is in none of them was not measured.

    Attributes:
        packs: small tensors.
        reduced: large ones.
        batches: the first samples of layers' outputs, inputs and targets, float32 [samples, ...], by row.
        batch_extremes: the columns `moments.EXTREMES` over all samples of the batch, float32 [4], by row;
            where the batch was not searched, the extremes are those of ``batches``.
        features: rows of ``batches`` whose last axis is features.
        training: values of rows of kind ``training``, such as the learning rate, by row.
        columns: further columns that the adapter computed: rows and their values, float32 [rows], by column.
        updates_known: whether the weights of the previous step are known; without them no update is measured.
        skipped: whether a loss scaler skipped the step; its gradients are then no fault.
    """

    packs: Sequence[Pack]
    reduced: Reduced
    batches: Mapping[int, Floats]
    batch_extremes: Mapping[int, Floats] = field(default_factory=dict)
    features: Collection[int] = ()
    training: Mapping[int, float] = field(default_factory=dict)
    columns: Mapping[str, tuple[Sequence[int], npt.NDArray[np.floating]]] = field(default_factory=dict)
    updates_known: bool = True
    skipped: bool = False
