"""The array types the rules speak of; a docstring says each one's shape."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

Scalar = TypeVar("Scalar", bound=np.generic)


def grown(array: npt.NDArray[Scalar], size: int, fill: float) -> npt.NDArray[Scalar]:
    """The array made ``size`` long in its last axis; what is new holds ``fill``."""
    missing = size - array.shape[-1]
    if missing <= 0:
        return array
    fresh = np.full((*array.shape[:-1], missing), fill, array.dtype)
    return np.concatenate([array, fresh], axis=-1)
