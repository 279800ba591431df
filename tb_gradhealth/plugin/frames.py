"""Encodes binary frames: named columns of floats with a JSON header.

A frame consists of ``GHF2``, a little-endian u32 header length, the header in UTF-8 padded with spaces so
that the body starts at a multiple of eight bytes, and the little-endian columns, each padded to a multiple of
eight bytes. The header's ``columns`` list the name, dtype and length of each.
"""

import json
import struct
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"GHF2"
ALIGNMENT: Final = 8


def encode_frame(header: Mapping[str, object], columns: Mapping[str, npt.ArrayLike]) -> bytes:
    """Encode a frame. ``columns`` and ``points``, the length of the first column, are added to the header.

    Args:
        header: plain JSON values.
        columns: one-dimensional arrays by name; float32 is kept, other dtypes become float64.

    Raises:
        ValueError: a column is not one-dimensional, or the header has a number that is not finite.
    """
    arrays = {name: _plain(name, column) for name, column in columns.items()}
    described = [
        {"name": name, "dtype": array.dtype.name, "length": array.size} for name, array in arrays.items()
    ]
    points = described[0]["length"] if described else 0
    text = json.dumps({**header, "points": points, "columns": described}, allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % ALIGNMENT)
    body = (piece for array in arrays.values() for piece in (array.tobytes(), _padding(array.nbytes)))
    return b"".join((MAGIC, struct.pack("<I", len(text)), text, *body))


def _plain(name: str, column: npt.ArrayLike) -> npt.NDArray[np.floating]:
    array = np.asarray(column)
    if array.ndim != 1:
        raise ValueError(f"the column {name!r} of shape {array.shape} does not fit into a frame")
    return np.ascontiguousarray(array, dtype="<f4" if array.dtype == np.float32 else "<f8")


def _padding(size: int) -> bytes:
    return b"\0" * (-size % ALIGNMENT)
