"""The SHA-256 of the part of an event file that was read."""

import hashlib
from typing import Final

from tb_gradhealth.events.storage import storage_of

CHUNK: Final = 1 << 20


def sha256_of(path: str, size: int) -> str:
    """The SHA-256 of a file's first ``size`` bytes, as hexadecimal digits.

    Raises:
        OSError: the file cannot be read, or is smaller.
    """
    digest, offset = hashlib.sha256(), 0
    with storage_of(path).opened(path, None) as (file, _):
        while offset < size:
            piece = file.at(offset, min(CHUNK, size - offset))
            if not piece:
                raise OSError(f"{path}: has {offset} bytes, {size} were read before")
            digest.update(piece)
            offset += len(piece)
    return digest.hexdigest()
