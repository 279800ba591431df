"""Decodes frames according to the contract, independently of the code that encodes them."""

import json
import struct

import numpy as np


def read_frame(content: bytes):
    """The header, and the columns by name."""
    assert content[:4] == b"GHF2"
    (length,) = struct.unpack_from("<I", content, 4)
    at = 8 + length
    assert at % 8 == 0
    header = json.loads(content[8:at])
    columns = {}
    for column in header["columns"]:
        letter, size = {"float32": ("f", 4), "float64": ("d", 8)}[column["dtype"]]
        numbers = struct.unpack_from(f"<{column['length']}{letter}", content, at)
        columns[column["name"]] = np.array(numbers)
        at += -(-column["length"] * size // 8) * 8
    assert at == len(content)
    return header, columns
