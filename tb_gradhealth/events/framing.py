"""The framing of event files (TFRecord), decoded from bytes; knows nothing of files.

A record is: u64 length, u32 masked CRC-32C of those eight bytes, the payload, u32 masked CRC-32C of
the payload; all little-endian. The mask rotates the checksum right by 15 bits and adds 0xa282ead8
(tensorflow/core/lib/hash/crc32c.h).
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

import google_crc32c

HEADER: Final = 12
FOOTER: Final = 4
MAX_LENGTH: Final = 2**31
"""Protocol buffers end at 2 GiB, so a longer record is no event even if its checksum fits."""

_HEADER = struct.Struct("<QI")
_U32 = struct.Struct("<I")
_U32_MAX: Final = 0xFFFFFFFF
_MASK_DELTA: Final = 0xA282EAD8


class Frame(NamedTuple):
    """One whole record; ``offset`` is that of its first byte in the file."""

    offset: int
    payload: bytes


class Fault(NamedTuple):
    """Damage at ``offset``; the sentence has no subject, the caller adds the file."""

    offset: int
    message: str


@dataclass(frozen=True)
class Decoded:
    """What a piece of a file held.

    Attributes:
        frames: whole, verified records in file order, as far as they were asked for.
        faults: damaged ones, in file order.
        consumed: bytes that are done with; the next piece starts there.
        wanted: bytes from there on that the next record needs at least, header and footer included.
        over: whether nothing after ``consumed`` can be read, because a length is damaged.
        blank: whether the file goes on from ``consumed`` with bytes that may not have arrived yet.
    """

    frames: list[Frame]
    faults: list[Fault]
    consumed: int
    wanted: int
    over: bool
    blank: bool = False


def decode(piece: bytes, offset: int, containing: bytes = b"", last: bool = False) -> Decoded:
    """The records in ``piece``, which begins at a record's first byte, ``offset`` in its file.

    A half record at the end is left for the next piece: its writer may not have finished.

    Args:
        piece: bytes of the file.
        offset: where in the file they lie.
        containing: only records that contain these bytes are returned; all are verified.
        last: whether nothing but zeros may follow the piece. A shared disk may show a file's new size before
            its new bytes, as zeros: a record that ends in nothing but zeros is waited for.
    """
    frames: list[Frame] = []
    faults: list[Fault] = []
    at, end, wanted, over = 0, len(piece), HEADER, False
    header, length = b"", 0
    # The mask is written out: this loop runs once per scalar of a log, and calls are half its time.
    checksum, unpack_u32, as_frame = google_crc32c.value, _U32.unpack_from, Frame._make
    while end - at >= HEADER:
        # Records of one kind are equally long, and a header that was right is so again.
        if not header or not piece.startswith(header, at):
            header = piece[at : at + HEADER]
            length, length_crc = _HEADER.unpack(header)
            crc = checksum(header[:8])
            if ((crc >> 15 | crc << 17) + _MASK_DELTA) & _U32_MAX != length_crc:
                if last and _only_zeros(piece, at + HEADER - 1):
                    return Decoded(frames, faults, at, HEADER, over=False, blank=True)
                message = "the checksum of a record's length is wrong, nothing after it can be read"
                faults.append(Fault(offset + at, message))
                over = True
                break
            if length > MAX_LENGTH:
                message = f"a record claims {length} bytes, nothing after it can be read"
                faults.append(Fault(offset + at, message))
                over = True
                break
        stop = at + HEADER + length + FOOTER
        if stop > end:
            wanted = stop - at
            break
        payload = piece[at + HEADER : stop - FOOTER]
        crc = checksum(payload)
        if ((crc >> 15 | crc << 17) + _MASK_DELTA) & _U32_MAX == unpack_u32(piece, stop - FOOTER)[0]:
            if containing in payload:
                frames.append(as_frame((offset + at, payload)))
        elif last and _only_zeros(piece, stop - 1):
            return Decoded(frames, faults, at, stop - at, over=False, blank=True)
        else:
            faults.append(Fault(offset + at, "the checksum of a record is wrong, the record was skipped"))
        at = stop
    return Decoded(frames, faults, at, wanted, over)


def _only_zeros(piece: bytes, at: int) -> bool:
    """Whether nothing else follows; asked only where a checksum is wrong already."""
    return piece.count(0, at) == len(piece) - at
