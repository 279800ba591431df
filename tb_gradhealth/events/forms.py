"""Records by their form: in the events of one table nothing differs but wall time, step and the numbers.

A form is learnt from an event that protocol buffers have read. Whatever has the same bytes around its numbers
would be read the same, so it is not parsed: parsing takes five times as long as the checksum does. Anything
else, were it only a field in another order, is left to protocol buffers.
"""

import math
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tb_gradhealth.record import Record, RowTable, WrittenRecord

MOST: Final = 16
"""Forms that are known at once: one for each recorder that writes into a file."""

LONGEST: Final = 4 << 10
"""Bytes of a form: ours have two hundred, and a hostile event is not to be kept."""

WALL_TIME: Final = 0x09
STEP: Final = 0x10
SUMMARY: Final = 0x2A
VALUE: Final = 0x0A
TENSOR: Final = 0x42
CONTENT: Final = 0x22
"""The keys of `Event.wall_time`, `.step` and `.summary`, `Summary.value`, `Value.tensor` and
`TensorProto.tensor_content`: number of the field and kind of what follows."""

_STEP_AT: Final = 9
_LEAST: Final = 24
_wall_time = struct.Struct("<xd").unpack_from


class Form(NamedTuple):
    """What the events of a table have in common: all after the step but the numbers."""

    before: bytes
    after: bytes
    table: RowTable


class Forms:
    """The forms of one run, by the length of what follows the step."""

    def __init__(self) -> None:
        self._forms: dict[int, Form] = {}

    def learn(self, payload: bytes, table: RowTable) -> None:
        """Note the form of an event that holds one record of ``table``, its numbers as bytes."""
        try:
            begin, content, end = _places(payload)
        except (ValueError, IndexError):
            return
        if len(self._forms) < MOST and len(payload) - (end - content) <= LONGEST:
            self._forms[len(payload) - begin] = Form(payload[begin:content], payload[end:], table)

    def record(self, payload: bytes) -> Record | None:
        """The record in an event of a known form; None for any other, which may hold one all the same."""
        size = len(payload)
        if size < _LEAST or payload[0] != WALL_TIME or payload[_STEP_AT] != STEP:
            return None
        step, at = payload[_STEP_AT + 1], _STEP_AT + 2
        if step > 0x7F:
            try:
                step, at = _varint(payload, _STEP_AT + 1)
            except (ValueError, IndexError):
                return None
        form = self._forms.get(size - at)
        if form is None or not payload.startswith(form.before, at) or not payload.endswith(form.after):
            return None
        wall_time = _wall_time(payload)[0]
        if step >> 63 or not math.isfinite(wall_time):
            return None
        return WrittenRecord(step, wall_time, form.table, payload, at + len(form.before))


class _Field(NamedTuple):
    key: int
    start: int
    begin: int
    end: int


def _places(payload: bytes) -> tuple[int, int, int]:
    """Where an event goes on after its step, and where its only tensor's content begins and ends.

    Raises:
        ValueError: it has other fields, or several of which the last counts.
        IndexError: as `_varint`.
    """
    wall_time, step, summary = _fields(payload, 0, len(payload))
    if (wall_time.key, step.key, step.start, summary.key) != (WALL_TIME, STEP, _STEP_AT, SUMMARY):
        raise ValueError("another order")
    (value,) = _fields(payload, summary.begin, summary.end)
    if value.key != VALUE:
        raise ValueError("another field")
    (tensor,) = (field for field in _fields(payload, value.begin, value.end) if field.key == TENSOR)
    (content,) = (field for field in _fields(payload, tensor.begin, tensor.end) if field.key == CONTENT)
    return summary.start, content.begin, content.end


def _fields(payload: bytes, at: int, end: int) -> Iterator[_Field]:
    """The fields of a message.

    Raises:
        ValueError: it does not end where it should, or holds what no record has.
        IndexError: as `_varint`.
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
                raise ValueError("nothing that a record has")
        yield _Field(key, start, at, at + length)
        at += length
    if at != end:
        raise ValueError("cut off")


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """A number of up to ten bytes, seven bits in each, and where it ends.

    Raises:
        ValueError: it does not end.
        IndexError: the payload does.
    """
    number = 0
    for shift in range(0, 70, 7):
        byte = payload[at]
        number |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return number, at
    raise ValueError("a number that does not end")
