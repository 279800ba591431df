"""Parses records by byte templates instead of protocol buffers.

Events of one row table differ only in wall time, step and values. A template is made from an event that
protocol buffers have parsed: the bytes between the step and the values, and those after the values. An event
with the same bytes there has the same content, so only its wall time and step are decoded; parsing it would
take five times as long as its checksum. Any other event, even one with fields in another order, is left to
protocol buffers.
"""

import math
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tb_gradhealth.record import Record, RowTable, WrittenRecord

MAX_TEMPLATES: Final = 16
"""Templates of one run: a run needs one for each recorder."""

MAX_TEMPLATE_BYTES: Final = 4 << 10
"""Templates of recorders have about 200 bytes; the limit excludes hostile events."""

WALL_TIME: Final = 0x09
STEP: Final = 0x10
SUMMARY: Final = 0x2A
VALUE: Final = 0x0A
TENSOR: Final = 0x42
CONTENT: Final = 0x22
"""The keys of `Event.wall_time`, `.step` and `.summary`, `Summary.value`, `Value.tensor` and
`TensorProto.tensor_content`: field number and wire type."""

_STEP_AT: Final = 9
_MIN_LENGTH: Final = 24
_wall_time = struct.Struct("<xd").unpack_from


class RecordTemplate(NamedTuple):
    """The bytes shared by the events of one table: between the step and the values, and after the values."""

    before: bytes
    after: bytes
    table: RowTable


class RecordTemplates:
    """The templates of one run, by the number of bytes after the step."""

    def __init__(self) -> None:
        self._templates: dict[int, RecordTemplate] = {}

    def add(self, payload: bytes, table: RowTable) -> None:
        """Add the template of an event with one record of ``table``, its values in ``tensor_content``."""
        try:
            after_step, start, end = _offsets(payload)
        except (ValueError, IndexError):
            return
        if len(self._templates) < MAX_TEMPLATES and len(payload) - (end - start) <= MAX_TEMPLATE_BYTES:
            self._templates[len(payload) - after_step] = RecordTemplate(
                payload[after_step:start], payload[end:], table
            )

    def match(self, payload: bytes) -> Record | None:
        """The record in an event that matches a template; None for any other, which may hold one too."""
        size = len(payload)
        if size < _MIN_LENGTH or payload[0] != WALL_TIME or payload[_STEP_AT] != STEP:
            return None
        step, at = payload[_STEP_AT + 1], _STEP_AT + 2
        if step > 0x7F:
            try:
                step, at = _varint(payload, _STEP_AT + 1)
            except (ValueError, IndexError):
                return None
        template = self._templates.get(size - at)
        if (
            template is None
            or not payload.startswith(template.before, at)
            or not payload.endswith(template.after)
        ):
            return None
        wall_time = _wall_time(payload)[0]
        if step >> 63 or not math.isfinite(wall_time):
            return None
        return WrittenRecord(step, wall_time, template.table, payload, at + len(template.before))


class _Field(NamedTuple):
    key: int
    start: int
    begin: int
    end: int


def _offsets(payload: bytes) -> tuple[int, int, int]:
    """Offsets of the end of an event's step, and of the start and end of its only tensor's content.

    Raises:
        ValueError: it has other fields, or a repeated one.
        IndexError: as in `_varint`.
    """
    wall_time, step, summary = _fields(payload, 0, len(payload))
    if (wall_time.key, step.key, step.start, summary.key) != (WALL_TIME, STEP, _STEP_AT, SUMMARY):
        raise ValueError("other fields or another order")
    (value,) = _fields(payload, summary.begin, summary.end)
    if value.key != VALUE:
        raise ValueError("not a summary value")
    (tensor,) = (field for field in _fields(payload, value.begin, value.end) if field.key == TENSOR)
    (content,) = (field for field in _fields(payload, tensor.begin, tensor.end) if field.key == CONTENT)
    return summary.start, content.begin, content.end


def _fields(payload: bytes, at: int, end: int) -> Iterator[_Field]:
    """Yield the fields of a message.

    Raises:
        ValueError: its length is wrong, or it has a field of a wire type that records do not use.
        IndexError: as in `_varint`.
    """
    while at < end:
        start = at
        key, at = _varint(payload, at)
        match key & 7:
            case 0:
                length = _varint(payload, at)[1] - at
            case 1:
                length = 8
            case 2:
                length, at = _varint(payload, at)
            case _:
                raise ValueError("unexpected wire type")
        yield _Field(key, start, at, at + length)
        at += length
    if at != end:
        raise ValueError("truncated message")


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """Decode a varint (at most ten bytes of seven bits each); return it and the offset of its end.

    Raises:
        ValueError: it is longer than ten bytes.
        IndexError: the payload ends within it.
    """
    number = 0
    for shift in range(0, 70, 7):
        byte = payload[at]
        number |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return number, at
    raise ValueError("varint without an end")
