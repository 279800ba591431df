"""What a record says of its step by itself: the columns of every row, from what the adapter handed over."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.activation_functions import unit_count
from tb_gradhealth.capture.statistics.features import features
from tb_gradhealth.capture.statistics.magnitudes import histograms, sample, zero_counts
from tb_gradhealth.capture.statistics.moments import EXTREMES, MOMENTS, Floats, moments, segment_moments
from tb_gradhealth.capture.statistics.step_values import StepValues
from tb_gradhealth.capture.statistics.units import (
    OF_UNITS,
    dormant_fraction,
    outer_fraction,
    saturated_fraction,
)
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import FEATURES, MAGNITUDES

MOMENT_COLUMNS = [COLUMNS.index(name) for name in MOMENTS]
EXTREME_COLUMNS = [COLUMNS.index(name) for name in EXTREMES]
MAGNITUDE_COLUMNS = [COLUMNS.index(name) for name in MAGNITUDES]
FEATURE_COLUMNS = [COLUMNS.index(name) for name in FEATURES]
WITHOUT_MAGNITUDES: Final = ("update", "clipped")
"""Kinds of rows of which a record has no histogram."""

SMALL: Final = 4096
"""Elements up to which tensors are measured together: a call costs as much as so many elements."""

ZEROS = COLUMNS.index("zero_fraction")
MEAN = COLUMNS.index("mean")


def step_matrix(rows: Sequence[Row], values: StepValues) -> npt.NDArray[np.float64]:
    """What is known of one step by itself, float64 [rows, columns]; NaN for what is not measured.

    Args:
        rows: of the row table.
        values: of the step.
    """
    matrix = np.full([len(rows), len(COLUMNS)], np.nan)
    _tensors(matrix, rows, values)
    _batches(matrix, rows, values)
    if not values.updates_known:
        matrix[[index for index, row in enumerate(rows) if row.kind == "update"]] = np.nan
    for row, one in values.numbers.items():
        matrix[row, MEAN] = one
    for name, (some, column) in values.columns.items():
        matrix[some, COLUMNS.index(name)] = column
    return matrix


def without_gradients(rows: Sequence[Row], matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The matrix of a step that a loss scaler skipped: an overflow there is no fault."""
    matrix[[index for index, row in enumerate(rows) if row.kind in ("gradient", "clipped")]] = np.nan
    return matrix


def _tensors(matrix: npt.NDArray[np.float64], rows: Sequence[Row], values: StepValues) -> None:
    """Gradients, weights, updates and losses."""
    for pack in values.packs:
        matrix[np.ix_(pack.rows, MOMENT_COLUMNS)] = segment_moments(pack.values, pack.sizes)
        if rows[pack.rows[0]].kind in WITHOUT_MAGNITUDES:
            matrix[pack.rows, ZEROS] = zero_counts(pack.values, pack.sizes) / np.asarray(pack.sizes)
        else:
            matrix[pack.rows, ZEROS], shares = histograms(pack.values, pack.sizes)
            matrix[np.ix_(pack.rows, MAGNITUDE_COLUMNS)] = shares
    large = values.reduced
    if large.rows:
        matrix[np.ix_(large.rows, MOMENT_COLUMNS)] = large.moments
        _sampled(matrix, large.rows, large.samples)
    for row, share in large.zeros.items():
        matrix[row, ZEROS] = share


def _batches(matrix: npt.NDArray[np.float64], rows: Sequence[Row], values: StepValues) -> None:
    """Layers' outputs, inputs and targets."""
    small = {index: part for index, part in values.batches.items() if part.size <= SMALL}
    if small:
        together = np.concatenate([part.reshape(-1) for part in small.values()])
        sizes = [part.size for part in small.values()]
        matrix[np.ix_(list(small), MOMENT_COLUMNS)] = segment_moments(together, sizes)
    for index, part in values.batches.items():
        if index not in small:
            matrix[index, MOMENT_COLUMNS] = moments(part)
        row = rows[index]
        for name, functions in OF_UNITS.items():
            if unit_count(row, functions):
                matrix[index, COLUMNS.index(name)] = _OF_UNITS[name](part, row.activation)
        if index in values.features:
            matrix[index, FEATURE_COLUMNS] = features(part)
    for index, extremes in values.searched.items():
        matrix[index, EXTREME_COLUMNS] = extremes
    if values.batches:
        _sampled(matrix, list(values.batches), [sample(part) for part in values.batches.values()])


_OF_UNITS = {
    "dormant_fraction": lambda part, _: dormant_fraction(part),
    "saturated_fraction": saturated_fraction,
    "outer_fraction": outer_fraction,
}


def _sampled(matrix: npt.NDArray[np.float64], rows: Sequence[int], samples: Sequence[Floats]) -> None:
    """The columns that are counted in samples."""
    zeros, shares = histograms(np.concatenate(samples), [part.size for part in samples])
    matrix[rows, ZEROS] = zeros
    matrix[np.ix_(rows, MAGNITUDE_COLUMNS)] = shares
