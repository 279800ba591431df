"""The columns of a record that depend on its own step only, from the values that the adapter passed on."""

from collections.abc import Container, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.features import features
from tb_gradhealth.capture.statistics.magnitudes import histograms, sample, zero_counts
from tb_gradhealth.capture.statistics.moments import EXTREMES, MOMENTS, moments, segment_moments
from tb_gradhealth.capture.statistics.step_values import StepValues
from tb_gradhealth.capture.statistics.units import unit_columns
from tb_gradhealth.record import COLUMNS, Kind, Row
from tb_gradhealth.record.activation_functions import WITH_UNITS, unit_count
from tb_gradhealth.record.columns import FEATURES, MAGNITUDES

MOMENT_COLUMNS = [COLUMNS.index(name) for name in MOMENTS]
EXTREME_COLUMNS = [COLUMNS.index(name) for name in EXTREMES]
MAGNITUDE_COLUMNS = [COLUMNS.index(name) for name in MAGNITUDES]
FEATURE_COLUMNS = [COLUMNS.index(name) for name in FEATURES]
FAULT_COUNTS: Final = [COLUMNS.index(name) for name in ("nan_count", "inf_count")]
WITHOUT_MAGNITUDES: Final = ("update", "clipped")
"""Kinds of rows of which a record has no histogram."""

SMALL: Final = 4096
"""Elements up to which tensors are measured together: a call costs as much as this many elements."""

ZEROS = COLUMNS.index("zero_fraction")
MEAN = COLUMNS.index("mean")


def step_matrix(rows: Sequence[Row], values: StepValues) -> npt.NDArray[np.float64]:
    """The statistics of one step, float64 [rows, columns]; NaN where not measured.

    Args:
        rows: of the row table.
        values: of the step.
    """
    matrix = np.full([len(rows), len(COLUMNS)], np.nan)
    _tensors(matrix, rows, values)
    _batches(matrix, rows, values)
    if not values.updates_known:
        clear_rows(matrix, rows, ["update"])
    for row, value in values.training.items():
        matrix[row, MEAN] = value
    for name, (indices, column) in values.columns.items():
        matrix[indices, COLUMNS.index(name)] = column
    return matrix


def clear_rows(matrix: npt.NDArray[np.float64], rows: Sequence[Row], kinds: Container[Kind]) -> None:
    """Set the rows of some kinds to NaN, as if they had not been measured."""
    matrix[[index for index, row in enumerate(rows) if row.kind in kinds]] = np.nan


def clear_faults_of_absent(matrix: npt.NDArray[np.float64], order: Sequence[int], statistics: Floats) -> None:
    """Count no faults in tensors that are absent in a step, such as a gradient that is None.

    Args:
        matrix: of the step's record, float64 [rows, columns].
        order: indices of the watched rows.
        statistics: of the step, float32 [0 or 1, watched rows].
    """
    faults = np.ix_(order, FAULT_COUNTS)
    finite = np.atleast_1d(np.isfinite(statistics).all(axis=0))[:, None]
    matrix[faults] = np.where(np.isnan(matrix[faults]) & finite, 0, matrix[faults])


def _tensors(matrix: npt.NDArray[np.float64], rows: Sequence[Row], values: StepValues) -> None:
    """Fill the rows of gradients, weights, updates and losses."""
    for pack in values.packs:
        matrix[np.ix_(pack.rows, MOMENT_COLUMNS)] = segment_moments(pack.values, pack.sizes)
        _fill_counted(matrix, rows, pack.rows, pack.values, pack.sizes)
    large = values.reduced
    if large.rows:
        matrix[np.ix_(large.rows, MOMENT_COLUMNS)] = large.moments
        _fill_counted_from_samples(matrix, rows, large.rows, large.samples)
    for row, share in large.zeros.items():
        matrix[row, ZEROS] = share


def _batches(matrix: npt.NDArray[np.float64], rows: Sequence[Row], values: StepValues) -> None:
    """Fill the rows of layers' outputs, inputs and targets."""
    small = {index: part for index, part in values.batches.items() if part.size <= SMALL}
    if small:
        together = np.concatenate([part.reshape(-1) for part in small.values()])
        sizes = [part.size for part in small.values()]
        matrix[np.ix_(list(small), MOMENT_COLUMNS)] = segment_moments(together, sizes)
    for index, part in values.batches.items():
        if index not in small:
            matrix[index, MOMENT_COLUMNS] = moments(part)
        if unit_count(rows[index], WITH_UNITS):
            for name, share in unit_columns(part, rows[index].activation).items():
                matrix[index, COLUMNS.index(name)] = share
        if index in values.features:
            matrix[index, FEATURE_COLUMNS] = features(part)
    for index, extremes in values.batch_extremes.items():
        matrix[index, EXTREME_COLUMNS] = extremes
    if values.batches:
        samples = [sample(part) for part in values.batches.values()]
        _fill_counted_from_samples(matrix, rows, list(values.batches), samples)


def _fill_counted(
    matrix: npt.NDArray[np.float64],
    rows: Sequence[Row],
    indices: Sequence[int],
    values: Floats,
    sizes: Sequence[int],
) -> None:
    """Fill the zero fractions and magnitudes of rows whose concatenated elements are ``values``."""
    if all(rows[index].kind in WITHOUT_MAGNITUDES for index in indices):
        matrix[indices, ZEROS] = zero_counts(values, sizes) / np.maximum(sizes, 1)
        return
    matrix[indices, ZEROS], shares = histograms(values, sizes)
    matrix[np.ix_(indices, MAGNITUDE_COLUMNS)] = shares


def _fill_counted_from_samples(
    matrix: npt.NDArray[np.float64], rows: Sequence[Row], indices: Sequence[int], samples: Sequence[Floats]
) -> None:
    _fill_counted(matrix, rows, indices, np.concatenate(samples), [part.size for part in samples])
