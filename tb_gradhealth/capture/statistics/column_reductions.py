"""Reductions over the first axis of a matrix with few columns."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

WIDTH: Final = 1024
"""Elements that are reduced in one go: NumPy takes as long for a row of 3 elements as for one of 100."""


def over_rows(ufunc: np.ufunc, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``ufunc.reduce(values, axis=0)``, of a narrow matrix up to a hundred times as fast.

    Several rows are viewed as one. Floats may be added in another order.

    Args:
        ufunc: associative and commutative, such as `np.add` or `np.maximum`.
        values: contiguous, [rows, columns], with at least one row.
    """
    rows, columns = values.shape
    together = min(WIDTH // max(columns, 1), rows)
    if together < 2:
        return np.asarray(ufunc.reduce(values, axis=0))
    whole = rows - rows % together
    folded = ufunc.reduce(values[:whole].reshape(-1, together * columns), axis=0)
    rest = [values[whole:]] if whole < rows else []
    return np.asarray(ufunc.reduce(np.concatenate([folded.reshape(together, columns), *rest]), axis=0))
