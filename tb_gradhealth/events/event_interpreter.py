"""Interprets the events of one run: row tables, records, flight-recorder steps, epochs, unusable values."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2

from tb_gradhealth.events.record_template import RecordTemplates
from tb_gradhealth.record import (
    PLUGIN_NAME,
    Content,
    Epoch,
    Record,
    RecordError,
    RowTable,
    Steps,
    Tag,
    decode_ago,
    decode_epoch,
    decode_steps,
    decode_table,
    decode_values,
    parse_tag,
)
from tb_gradhealth.record.codec import check_version

PLUGIN_BYTES: Final = PLUGIN_NAME.encode()
"""Part of every tag of the plugin. Payloads without these bytes are not parsed, so values of other plugins
cost only their checksum."""

MAX_TAGS: Final = 10_000
MAX_TABLES: Final = 1_000
MAX_STEPS: Final = 100_000
"""Limits of the memory that a hostile file can take; models stay far below them."""

MAX_REPEATED: Final = 1 << 20
"""Values of flight-recorder steps that may be omitted as repetitions of the last one."""


class UnusableValue(NamedTuple):
    """A value that cannot be used: its kind, by which a `ProblemLog` merges, and a sentence."""

    kind: str
    message: str


class EventInterpreter:
    """Turns payloads into records, with the tables and tags of one run read so far.

    Attributes:
        has_plugin_data: whether the run holds any value of the plugin, readable or not.
        match_template: returns the record in a payload that matches a template; `interpret` handles all
            others.
    """

    def __init__(self, tables_elsewhere: Callable[[], Mapping[str, RowTable]]) -> None:
        """Start without tables.

        Args:
            tables_elsewhere: returns the tables of the run's other files by id; called for each record whose
                table was not read yet.
        """
        self.has_plugin_data = False
        self._tables_elsewhere = tables_elsewhere
        self._tables: dict[str, RowTable] = {}
        self._trusted: set[str] = set()
        self._templates = RecordTemplates()
        self.match_template = self._templates.match

    def interpret(self, payload: bytes) -> Iterator[Content | UnusableValue]:
        """The plugin's contents of one event: usually none or one."""
        try:
            event = event_pb2.Event.FromString(payload)
        except DecodeError:
            yield UnusableValue("event", "a record is not a TensorFlow event, it was skipped")
            return
        for value in event.summary.value:
            try:
                record = self._value(event, value)
            except _UnusableError as error:
                self.has_plugin_data = True
                yield error.value
                continue
            if record is None:
                continue
            yield record
            if isinstance(record, Record) and self._is_repeatable(value, record.table):
                self._templates.add(payload, record.table)
            if not math.isfinite(record.wall_time):
                yield UnusableValue("wall time", f"the event's wall time is {record.wall_time}")

    def _value(self, event: event_pb2.Event, value: summary_pb2.Summary.Value) -> Content | None:
        tag = parse_tag(value.tag)
        if tag is None:
            if value.metadata.plugin_data.plugin_name == PLUGIN_NAME:
                raise _unusable(value.tag, "tag", "is not a tag that this version of tb_gradhealth supports")
            return None
        self._check_metadata(value)
        self.has_plugin_data = True
        if not value.HasField("tensor"):
            raise _unusable(value.tag, "tensor", "holds no tensor")
        if tag.content == "rows":
            self._add_table(tag, _table(value.tag, value.tensor))
            return None
        table = self._table_of(value.tag, tag)
        return _READERS[tag.content](event, value, table)

    def _check_metadata(self, value: summary_pb2.Summary.Value) -> None:
        """Check the metadata: TensorFlow repeats it in each event, other writers set it in a tag's first."""
        if not value.HasField("metadata"):
            if value.tag not in self._trusted:
                raise _unusable(value.tag, "metadata", f'has no metadata that says plugin "{PLUGIN_NAME}"')
            return
        plugin = value.metadata.plugin_data
        if plugin.plugin_name != PLUGIN_NAME:
            raise _unusable(
                value.tag, "plugin", f"belongs to the plugin {plugin.plugin_name!r}, not to {PLUGIN_NAME!r}"
            )
        try:
            check_version(_whole_number(plugin.content))
        except RecordError as error:
            raise _unusable(value.tag, "version", f"cannot be read: {error}") from None
        if len(self._trusted) < MAX_TAGS:
            self._trusted.add(value.tag)

    def _is_repeatable(self, value: summary_pb2.Summary.Value, table: RowTable) -> bool:
        """Whether equal bytes always have this content: not where the table comes from a file read later."""
        tag = parse_tag(value.tag)
        return tag is not None and self._tables.get(tag.table_id) is table and not value.tensor.float_val

    def _table_of(self, name: str, tag: Tag) -> RowTable:
        table = self._tables.get(tag.table_id) or self._tables_elsewhere().get(tag.table_id)
        if table is None:
            raise _unusable(name, "missing table", "has records, but its row table is in no file of the run")
        return table

    def _add_table(self, tag: Tag, table: RowTable) -> None:
        if tag.table_id in self._tables or len(self._tables) < MAX_TABLES:
            self._tables.setdefault(tag.table_id, table)


def tables_in(payload: bytes) -> dict[str, RowTable]:
    """The row tables in a payload by id, whatever their metadata; none where it cannot be parsed."""
    tables = {}
    try:
        for value in event_pb2.Event.FromString(payload).summary.value:
            tag = parse_tag(value.tag)
            if tag is not None and tag.content == "rows":
                tables[tag.table_id] = _table(value.tag, value.tensor)
    except (DecodeError, _UnusableError):
        pass  # reported when the file itself is read
    return tables


class _UnusableError(Exception):
    def __init__(self, value: UnusableValue) -> None:
        super().__init__(value.message)
        self.value = value


def _unusable(tag: str, kind: str, predicate: str) -> _UnusableError:
    return _UnusableError(UnusableValue(f"{kind} of {tag}", f"{tag} {predicate}"))


def _table(tag: str, tensor: tensor_pb2.TensorProto) -> RowTable:
    content = _string(tag, tensor, "a row table is one string")
    try:
        return decode_table(content)
    except RecordError as error:
        raise _unusable(tag, "table", f"cannot be read: {error}") from None


def _record(event: event_pb2.Event, value: summary_pb2.Summary.Value, table: RowTable) -> Record:
    shape = _float_shape(value, "a record is a matrix of float32")
    try:
        values = decode_values(table, _content(value.tensor, shape, shape == table.shape), shape)
    except RecordError as error:
        raise _unusable(value.tag, "shape", f"cannot be read: {error}") from None
    return Record(step=event.step, wall_time=event.wall_time, table=table, values=values)


def _steps(event: event_pb2.Event, value: summary_pb2.Summary.Value, table: RowTable) -> Steps:
    shape = _float_shape(value, "a flight recorder's lines are float32")
    columns = len(table.watched)
    is_plausible = len(shape) == 2 and 0 < shape[0] <= MAX_STEPS and shape[1] in (columns, columns + 1)
    is_plausible = is_plausible and math.prod(shape) <= MAX_REPEATED
    try:
        content = _content(value.tensor, shape, is_plausible)
        values, ago = decode_steps(table, content, shape), decode_ago(table, content, shape)
    except RecordError as error:
        raise _unusable(value.tag, "shape", f"cannot be read: {error}") from None
    return Steps(last_step=event.step, wall_time=event.wall_time, table=table, values=values, ago=ago)


def _epoch(event: event_pb2.Event, value: summary_pb2.Summary.Value, table: RowTable) -> Epoch:
    try:
        values = decode_epoch(_string(value.tag, value.tensor, "an epoch is one string"))
    except RecordError as error:
        raise _unusable(value.tag, "epoch", f"cannot be read: {error}") from None
    return Epoch(step=event.step, wall_time=event.wall_time, table=table, values=values)


_READERS: Final[Mapping[str, Callable[[event_pb2.Event, summary_pb2.Summary.Value, RowTable], Content]]] = {
    "record": _record,
    "steps": _steps,
    "epoch": _epoch,
}
"""By the content that a tag names."""


def _float_shape(value: summary_pb2.Summary.Value, expected: str) -> tuple[int, ...]:
    if value.tensor.dtype != types_pb2.DT_FLOAT:
        raise _unusable(value.tag, "type", f"holds {_type(value.tensor)}, {expected}")
    return tuple(dim.size for dim in value.tensor.tensor_shape.dim)


def _content(tensor: tensor_pb2.TensorProto, shape: tuple[int, ...], is_plausible: bool) -> bytes:
    """The tensor's values as bytes.

    ``float_val`` may omit repetitions of its last value; they are filled in only where ``is_plausible``,
    which means that the row table limits the shape.
    """
    if not tensor.float_val or not is_plausible:
        return bytes(tensor.tensor_content)
    size = math.prod(shape)
    values = np.asarray(tensor.float_val[:size], dtype="<f4")
    return np.pad(values, (0, size - len(values)), mode="edge").tobytes()


def _whole_number(content: bytes) -> object:
    try:
        return int(content)
    except ValueError:
        return content


def _string(tag: str, tensor: tensor_pb2.TensorProto, expected: str) -> bytes:
    if tensor.dtype != types_pb2.DT_STRING or tensor.tensor_shape.dim or len(tensor.string_val) != 1:
        raise _unusable(tag, "type", f"holds {_type(tensor)}, {expected}")
    return bytes(tensor.string_val[0])


def _type(tensor: tensor_pb2.TensorProto) -> str:
    name = types_pb2.DataType.Name(tensor.dtype) if tensor.dtype in types_pb2.DataType.values() else "?"
    return f"{name} of shape {[dim.size for dim in tensor.tensor_shape.dim]}"
