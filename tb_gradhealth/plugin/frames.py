"""Binary frames: named float64 columns behind a JSON header, for what is too big or too bare for JSON.

``GHF1``, a little-endian u32 header length, the header in UTF-8 padded with spaces so that the body
starts at a multiple of eight, then one little-endian float64 column after the other.
"""

import json
import struct
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"GHF1"
ALIGNMENT: Final = 8


def encode_frame(header: Mapping[str, object], columns: Mapping[str, npt.ArrayLike]) -> bytes:
    """A frame; ``points`` and ``columns`` are added to the header.

    Args:
        header: plain JSON values.
        columns: one-dimensional, all of the same length, by name.

    Raises:
        ValueError: the columns differ in length, or the header holds a number JSON cannot.
    """
    arrays = [np.ascontiguousarray(column, dtype="<f8") for column in columns.values()]
    lengths = {array.shape for array in arrays}
    if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
        raise ValueError(f"columns of shapes {sorted(lengths)} do not form a frame")
    points = arrays[0].size if arrays else 0
    text = json.dumps({**header, "points": points, "columns": list(columns)}, allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % ALIGNMENT)
    return b"".join((MAGIC, struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays)))
