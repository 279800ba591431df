"""A record that matches a template equals the one that protocol buffers parse."""

import math
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_log import RunLog, our_metadata, table_event, tensor_event
from tensorboard.compat.proto import event_pb2, summary_pb2

from tb_gradhealth.events import record_template
from tb_gradhealth.events.event_interpreter import EventInterpreter
from tb_gradhealth.events.tail import Tail
from tb_gradhealth.record import Record, Row, RowTable, layouts, record_tag, steps_tag, table_tag

ROWS = tuple(Row(f"dense_{i}", "gradient", f"dense_{i}", "kernel", i) for i in range(4))
TABLE = RowTable(ROWS, columns=("rms", "mean", "nan_count"))
COMPACT = RowTable(
    (*ROWS, Row("x", "update", "x", "kernel", 9)), layouts=layouts(units=False, sparse=False, replicas=False)
)
TAG = record_tag(TABLE.id)
VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


def written(step=7, wall_time=1.5, values=VALUES, tag=TAG, **changes):
    return tensor_event(tag, values, step=step, wall_time=wall_time, **changes).SerializeToString()


def field(key, content):
    """A length-delimited field in wire format."""
    return bytes([key, len(content)]) + content


def rebuilt(change):
    """A record's payload, assembled by ``change`` from its encoded parts."""
    value = event_pb2.Event.FromString(written()).summary.value[0]
    parts = {
        "wall_time": b"\x09" + struct.pack("<d", 1.5),
        "step": b"\x10\x07",
        "tag": field(0x0A, value.tag.encode()),
        "metadata": field(0x4A, value.metadata.SerializeToString()),
        "dtype": b"\x08\x01",
        "shape": field(0x12, value.tensor.tensor_shape.SerializeToString()),
        "content": field(0x22, value.tensor.tensor_content),
    }
    tensor = field(0x42, parts["dtype"] + parts["shape"] + parts["content"])
    parts["tensor"] = tensor
    parts["value"] = parts["tag"] + tensor + parts["metadata"]
    return change(parts)


BEFORE = b"\x09" + struct.pack("<d", 1.5) + b"\x10\x07"


def long(key, content):
    """A length-delimited field whose length is encoded in two bytes."""
    return bytes([key, len(content) & 0x7F | 0x80, len(content) >> 7]) + content


def event(summary, before=BEFORE, after=b""):
    return before + long(0x2A, summary) + after


def value(content):
    return long(0x0A, content)


OTHER_FORMS = {
    "step first": rebuilt(lambda p: event(value(p["value"]), p["step"] + p["wall_time"])),
    "step last": rebuilt(lambda p: event(value(p["value"]), p["wall_time"], p["step"])),
    "step twice": rebuilt(lambda p: event(value(p["value"]), after=b"\x10\x09")),
    "wall time twice": rebuilt(lambda p: event(value(p["value"]), after=b"\x09" + struct.pack("<d", 3.5))),
    "another field of the event": rebuilt(
        lambda p: event(value(p["value"]), after=field(0x52, b"\x0a\x01x"))
    ),
    "a file's version": rebuilt(lambda p: event(value(p["value"]), after=field(0x1A, b"brain.Event:2"))),
    "a field nobody knows": rebuilt(lambda p: event(value(p["value"] + field(0x7A, b"new")))),
    "two summaries": rebuilt(lambda p: event(value(p["value"]), after=event(value(p["value"]), b""))),
    "two values": rebuilt(lambda p: event(value(p["value"]) + value(p["value"]))),
    "two tensors": rebuilt(lambda p: event(value(p["tag"] + p["tensor"] + p["tensor"] + p["metadata"]))),
    "two contents": rebuilt(
        lambda p: event(
            value(p["tag"] + long(0x42, p["dtype"] + p["shape"] + 2 * p["content"]) + p["metadata"])
        )
    ),
    "a second tensor without content": rebuilt(
        lambda p: event(value(p["tag"] + p["tensor"] + field(0x42, p["dtype"]) + p["metadata"]))
    ),
    "a scalar after the tensor": rebuilt(lambda p: event(value(p["value"] + b"\x15" + struct.pack("<f", 3)))),
    "a scalar before the tensor": rebuilt(
        lambda p: event(value(b"\x15" + struct.pack("<f", 3) + p["value"]))
    ),
    "metadata first": rebuilt(lambda p: event(value(p["metadata"] + p["tag"] + p["tensor"]))),
    "a longer number for the step": rebuilt(
        lambda p: event(value(p["value"]), p["wall_time"] + b"\x10\x87\x80\x00")
    ),
    "a step of ten bytes": written(step=-3),
    "a step that does not end": rebuilt(lambda p: p["wall_time"] + b"\x10" + b"\xff" * 11 + p["value"]),
    "a group": rebuilt(lambda p: event(value(p["value"]), after=b"\x7b\x7c")),
    "no step": written(step=0),
    "no metadata": written(metadata=None),
    "another plugin's": written(metadata=our_metadata(plugin="scalars")),
    "a newer version": written(metadata=our_metadata(content=b"99")),
    "a list of floats": tensor_event(TAG, np.float32(1.0)).SerializeToString(),
    "another table's": written(tag=record_tag("0" * 12)),
    "steps": written(tag=steps_tag(TABLE.id)),
    "another shape": written(values=VALUES.T),
    "float64": written(values=VALUES.astype(np.float64)),
    "a time that is none": written(wall_time=math.nan),
    "a late time": written(wall_time=math.inf),
    "nothing": b"",
    "a time alone": b"\x09" + struct.pack("<d", 1.5),
    "somebody else's": written(tag="loss"),
}


def interpreter_after(first):
    """The interpreter of a run after its tables and a first payload."""
    interpreter = EventInterpreter(dict)
    for table in (TABLE, COMPACT):
        assert list(interpreter.interpret(table_event(table).SerializeToString())) == []
    list(interpreter.interpret(first))
    return interpreter


def comparable(found):
    """The contents as comparable values."""
    return [
        (each.step, repr(each.wall_time), each.table, each.values.shape, each.values.tobytes())
        if isinstance(each, Record)
        else repr(each)
        for each in found
    ]


def by_template(interpreter, payload):
    record = interpreter.match_template(payload)
    return list(interpreter.interpret(payload)) if record is None else [record]


def check(first, payload):
    """Reads payloads after a first one, with its template and with protocol buffers only."""
    quick, plain = interpreter_after(first), interpreter_after(first)
    for each in (payload, first, payload):
        assert comparable(by_template(quick, each)) == comparable(plain.interpret(each))
    assert quick.has_plugin_data == plain.has_plugin_data


FIRST = {"ours": written(), **OTHER_FORMS}


@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_other_encodings_are_read_like_protocol_buffers(first):
    for payload in FIRST.values():
        check(first, payload)


floats = st.lists(st.floats(width=32), min_size=12, max_size=12)


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.floats(), floats, st.sampled_from(sorted(FIRST)))
def test_any_step_time_and_values(step, wall_time, numbers, first):
    values = np.array(numbers, np.float32).reshape(4, 3)
    check(FIRST[first], written(step=step, wall_time=wall_time, values=values))


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(st.data())
def test_changed_payloads(data):
    first = FIRST[data.draw(st.sampled_from(sorted(FIRST)))]
    payload = bytearray(data.draw(st.sampled_from([first, written()])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload)))
        size = data.draw(st.integers(0, 3))
        payload[at : at + size] = data.draw(st.binary(max_size=3) | st.just(bytes(payload[at : at + 20])))
    check(first, bytes(payload))


def payloads(folder):
    (file,) = folder.glob("*tfevents*")
    return [frame.payload for frame in Tail(str(file), b"gradhealth").read()]


def matched_by_template(found):
    """Number of a file's records that match a template; asserts that all equal the parsed ones."""
    quick, plain = EventInterpreter(dict), EventInterpreter(dict)
    known = 0
    for payload in found:
        known += quick.match_template(payload) is not None
        assert comparable(by_template(quick, payload)) == comparable(plain.interpret(payload))
    return known


@pytest.mark.parametrize("table", [TABLE, COMPACT], ids=["whole", "compact"])
def test_what_tensorboard_writes_matches_a_template(tmp_path, table):
    with RunLog(tmp_path, table) as log:
        for step in range(0, 400, 10):
            values = np.random.default_rng(step).normal(size=(len(table.rows), len(table.columns)))
            log.matrix(step, values.astype(np.float32))
    # All but the first, whose step 0 is not written, and the second, from which the template is made.
    assert matched_by_template(payloads(tmp_path)) == 40 - 2


def test_what_tensorflow_writes_matches_a_template(tmp_path):
    import tensorflow as tf

    metadata = our_metadata()
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.write(
            table_tag(TABLE.id),
            tf.constant(table_event(TABLE).summary.value[0].tensor.string_val[0]),
            0,
            summary_pb2.SummaryMetadata.FromString(metadata.SerializeToString()),
        )
        for step in range(1, 400, 10):
            tf.summary.write(TAG, tf.constant(VALUES + step), step, metadata)
    writer.close()
    assert matched_by_template(payloads(tmp_path)) == 40 - 1


def test_a_large_template_is_not_stored():
    padded = event_pb2.Event.FromString(written())
    padded.summary.value[0].metadata.summary_description = "x" * record_template.MAX_TEMPLATE_BYTES
    interpreter = interpreter_after(padded.SerializeToString())
    assert interpreter.match_template(padded.SerializeToString()) is None
    assert interpreter.match_template(written()) is None


def test_the_table_of_another_file_makes_no_template():
    elsewhere = {TABLE.id: replace(TABLE, stream="elsewhere")}
    interpreter = EventInterpreter(lambda: elsewhere)
    (record,) = interpreter.interpret(written())
    assert record.table.stream == "elsewhere"
    assert interpreter.match_template(written()) is None
    list(interpreter.interpret(table_event(TABLE).SerializeToString()))
    (record,) = interpreter.interpret(written())
    assert record.table.stream == ""
    assert interpreter.match_template(written()).table is record.table
