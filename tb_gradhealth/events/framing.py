"""Decodes the framing of event files (TFRecord) from bytes.

A record consists of a u64 length, the u32 masked CRC-32C of these eight bytes, the payload, and the u32
masked CRC-32C of the payload, all little-endian. The mask rotates the checksum right by 15 bits and adds
0xa282ead8 (tensorflow/core/lib/hash/crc32c.h).
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

import google_crc32c

HEADER: Final = 12
FOOTER: Final = 4
FRAMING_BYTES: Final = HEADER + FOOTER
"""Bytes of a record in a file beyond its payload."""

MAX_LENGTH: Final = 2**31
"""Size limit of protocol buffers: a longer record cannot be an event, even with a valid checksum."""

_HEADER = struct.Struct("<QI")
_U32 = struct.Struct("<I")
_U32_MAX: Final = 0xFFFFFFFF
_MASK_DELTA: Final = 0xA282EAD8


class Frame(NamedTuple):
    """A complete record; ``offset`` is the position of its first byte in the file."""

    offset: int
    payload: bytes


class Fault(NamedTuple):
    """Damage at ``offset``; the caller adds the file to the message."""

    offset: int
    message: str


@dataclass(frozen=True)
class Decoded:
    """The records in a piece of a file.

    Attributes:
        frames: requested records that are complete and verified, in file order.
        faults: damaged records, in file order.
        consumed: bytes that are decoded; the next piece starts there.
        required: least number of bytes that the next record takes from there, header and footer included.
        over: whether nothing after ``consumed`` can be read because a length is damaged.
        blank: whether only zeros follow ``consumed``: bytes that may not have arrived yet.
    """

    frames: list[Frame]
    faults: list[Fault]
    consumed: int
    required: int
    over: bool
    blank: bool = False


def decode(piece: bytes, offset: int, containing: bytes = b"", last: bool = False) -> Decoded:
    """Decode the records in a piece of a file.

    An incomplete record at the end is left for the next piece, since its writer may not have finished.

    Args:
        piece: bytes of the file, starting at the first byte of a record.
        offset: position of the piece in the file.
        containing: only records that contain these bytes are returned; all are verified.
        last: whether the file may contain only zeros after the piece. A shared disk can show a file's new
            size before its new bytes, as zeros: a record that ends in zeros only is then incomplete, not
            damaged.
    """
    frames: list[Frame] = []
    faults: list[Fault] = []
    at, end, required, over = 0, len(piece), HEADER, False
    header, length = b"", 0
    # Unmasking is inlined: this loop runs once per scalar of a log, and calls would take half of its time.
    checksum, unpack_u32, as_frame = google_crc32c.value, _U32.unpack_from, Frame._make
    while end - at >= HEADER:
        # Records of one kind have equal lengths, so the last verified header often repeats.
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
            required = stop - at
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
    return Decoded(frames, faults, at, required, over)


def _only_zeros(piece: bytes, at: int) -> bool:
    """Whether the piece contains only zeros from an index on."""
    return piece.count(0, at) == len(piece) - at
