import dataclasses
import json
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.events.problems import MAX_PROBLEMS
from tb_gradhealth.record import Row, RowTable, encode_table, record_tag, steps_tag, table_tag


def test_records_are_read_as_written(log, table, reading, write):
    log.table(table)
    log.record(table, 10, wall_time=123.25)
    (record,) = reading.records()
    assert (record.step, record.wall_time, record.table) == (10, 123.25, table)
    np.testing.assert_array_equal(record.values, write.values_of(table, 10))
    assert reading.messages() == []


def test_flight_recorder_steps_are_read_between_the_records(log, table, reading, write):
    watching = dataclasses.replace(table, watched=(0, 1))
    lines = np.array([[1, 2], [3, np.nan], [np.inf, 4]], np.float32)
    log.table(watching)
    log.record(watching, 10)
    log.append(write.tensor_event(steps_tag(watching.id), lines, step=17, wall_time=5.0))
    log.append(write.tensor_event(steps_tag(watching.id), lines[:, :1], step=18))
    record, steps = reading.records()
    assert (record.step, steps.last_step, steps.wall_time, steps.table) == (10, 17, 5.0, watching)
    assert steps.steps.tolist() == [15, 16, 17]
    np.testing.assert_array_equal(steps.values, lines)
    (message,) = reading.messages()
    assert "flight recorder has shape [3, 1], its row table says [steps, 2]" in message


def test_tensorflows_writer_is_read_like_tensorboards(tmp_path, table, reading, write):
    tf = pytest.importorskip("tensorflow")
    with tf.summary.create_file_writer(str(tmp_path / "run")).as_default():
        for step in range(3):
            for tag, value in (
                (table_tag(table.id), encode_table(table)),
                (record_tag(table.id), write.values_of(table, step)),
            ):
                if step == 0 or tag == record_tag(table.id):
                    tf.summary.write(tag, tf.constant(value), step, metadata=write.metadata())
            tf.summary.scalar("gradhealth/alerts", 0.0, step)
    records = reading.records()
    assert [record.step for record in records] == [0, 1, 2]
    np.testing.assert_array_equal(records[2].values, write.values_of(table, 2))
    assert reading.messages() == []


def test_metadata_on_a_tags_first_event_is_enough(log, table, reading):
    log.table(table)
    log.record(table, 0)
    log.record(table, 1, metadata=None)
    assert reading.steps() == [0, 1]
    assert reading.messages() == []


def test_floats_written_one_by_one_are_read_too(log, table, reading, write):
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_FLOAT,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(
            dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in (2, 3)]
        ),
        float_val=[1, 2, 3, 4],  # the last one is repeated
    )
    value = summary_pb2.Summary.Value(tag=record_tag(table.id), tensor=tensor, metadata=write.metadata())
    log.table(table)
    log.append(event_pb2.Event(step=1, wall_time=1, summary=summary_pb2.Summary(value=[value])))
    np.testing.assert_array_equal(reading.records()[0].values, [[1, 2, 3], [4, 4, 4]])


def test_only_new_records_are_read_while_a_run_grows(log, table, reading):
    log.table(table)
    log.record(table, 0)
    assert reading.steps() == [0]
    assert reading.steps() == []
    log.record(table, 1)
    log.record(table, 2)
    assert reading.steps() == [1, 2]


def test_a_file_cut_at_any_byte_gives_its_complete_records_and_later_the_rest(log, table, reading):
    log.table(table)
    ends = [log.path.stat().st_size]
    for step in range(2):
        log.record(table, step)
        ends.append(log.path.stat().st_size)
    content = log.path.read_bytes()
    for length in range(len(content) + 1):
        log.path.write_bytes(content[:length])
        reading.reader = RunReader()
        first = reading.steps()
        assert first == list(range(sum(end <= length for end in ends[1:])))
        log.append_bytes(content[length:])
        assert first + reading.steps() == [0, 1]
        assert reading.messages() == []


def test_several_files_are_one_run_in_the_order_of_their_names(tmp_path, write, reading, table):
    for name in ("events.out.tfevents.2.b", "gradhealth/events.out.tfevents.3.c", "events.out.tfevents.1.a"):
        log = write.log(tmp_path / "run" / name)
        log.table(table)
        log.record(table, int(name.split(".")[-2]))
    assert reading.steps() == [1, 2, 3]


def test_a_table_applies_to_every_file_of_the_run(tmp_path, write, log, table, reading):
    log.record(table, 0)
    log.record(table, 1)
    later = write.log(tmp_path / "run" / "events.out.tfevents.2")
    later.table(table)
    later.record(table, 2)
    assert reading.steps() == [0, 1, 2]
    assert reading.messages() == []


def test_records_without_a_table_are_one_problem_with_a_count(log, table, reading, write):
    other = write.make_table("other")
    log.table(other)
    start = log.path.stat().st_size
    for step in range(5):
        log.record(table, step)
    log.record(other, 9)
    assert reading.steps() == [9]
    (problem,) = reading.reader.problems()
    assert problem.path == "run/events.out.tfevents.1.host"
    assert problem.offset == start
    assert "row table" in problem.message
    assert "(5 times)" in problem.message


def scalar_event(write, tag):
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars")
    )
    return write.tensor_event(tag, 0.5, metadata=metadata)


def simple_value(write, tag):
    value = summary_pb2.Summary.Value(tag=tag, simple_value=0.5, metadata=write.metadata())
    return event_pb2.Event(summary=summary_pb2.Summary(value=[value]))


def huge_shape(write, tag):
    event = write.tensor_event(tag, np.ones((2, 3), np.float32))
    del event.summary.value[0].tensor.tensor_shape.dim[:]
    event.summary.value[0].tensor.tensor_shape.dim.add(size=2**62)
    event.summary.value[0].tensor.tensor_shape.dim.add(size=-1)
    return event


FOREIGN_RECORDS = {
    "int32": (lambda w, tag: w.tensor_event(tag, np.ones((2, 3), np.int32)), "DT_INT32"),
    "float64": (lambda w, tag: w.tensor_event(tag, np.ones((2, 3))), "DT_DOUBLE"),
    "text": (lambda w, tag: w.tensor_event(tag, b"text"), "DT_STRING"),
    "a vector": (lambda w, tag: w.tensor_event(tag, np.ones(6, np.float32)), "shape [6]"),
    "rows too many": (lambda w, tag: w.tensor_event(tag, np.ones((3, 3), np.float32)), "shape [3, 3]"),
    "a huge shape": (huge_shape, "shape [4611686018427387904, -1]"),
    "no metadata": (
        lambda w, tag: w.tensor_event(tag, np.ones((2, 3), np.float32), metadata=None),
        "no metadata",
    ),
    "another plugin": (scalar_event, "'scalars'"),
    "no tensor": (simple_value, "no tensor"),
    "a newer version": (
        lambda w, tag: w.tensor_event(tag, np.ones((2, 3), np.float32), metadata=w.metadata(b"99")),
        "upgrade tb_gradhealth",
    ),
    "no version": (
        lambda w, tag: w.tensor_event(tag, np.ones((2, 3), np.float32), metadata=w.metadata(b"")),
        "not a positive whole number",
    ),
}


@pytest.mark.parametrize(("foreign", "words"), FOREIGN_RECORDS.values(), ids=FOREIGN_RECORDS)
def test_a_foreign_value_under_a_records_tag_is_one_problem(log, table, reading, write, foreign, words):
    other = write.make_table("other/kernel", "other/bias")
    log.table(table)
    log.table(other)
    start = log.path.stat().st_size
    for _ in range(3):
        log.append(foreign(write, record_tag(other.id)))
    log.record(table, 1)
    assert reading.steps() == [1]
    (problem,) = reading.reader.problems()
    assert problem.offset == start
    assert words in problem.message
    assert record_tag(other.id) in problem.message
    assert "(3 times)" in problem.message


def changed(table, **fields):
    return json.dumps({**json.loads(encode_table(table)), **fields}).encode()


BROKEN_TABLES = {
    "not JSON": (lambda table: b"{", "not JSON"),
    "a newer version": (lambda table: changed(table, version=99), "upgrade tb_gradhealth"),
    "other JSON": (lambda table: b"[]", "gradhealth.rows"),
    "settings of the wrong type": (lambda table: changed(table, settings=[]), "cannot be read"),
    "an endless shape": (
        lambda table: encode_table(table).replace(b'"shape": []', b'"shape": [1e999]'),
        "cannot be read",
    ),
    "two tables": (lambda table: np.array([encode_table(table)] * 2), "one string"),
    "numbers": (lambda table: 1.0, "one string"),
}


@pytest.mark.parametrize(("content", "words"), BROKEN_TABLES.values(), ids=BROKEN_TABLES)
def test_a_broken_table_and_its_records_are_problems(log, table, reading, write, content, words):
    other = write.make_table("other")
    log.table(other)
    log.append(write.tensor_event(table_tag(table.id), content(table)))
    log.record(table, 0)
    log.record(other, 1)
    assert reading.steps() == [1]
    broken, orphaned = reading.messages()
    assert words in broken
    assert "row table is in no file" in orphaned


def test_a_later_copy_replaces_a_broken_table(log, table, reading, write):
    log.append(write.tensor_event(table_tag(table.id), b"{"))
    log.record(table, 0)
    log.table(table)
    log.record(table, 1)
    assert reading.steps() == [0, 1]


def test_an_unknown_tag_of_the_plugin_is_a_problem(log, reading, write):
    log.append(write.tensor_event("gradhealth/flight/0123456789ab", 1.0))
    assert reading.steps() == []
    assert "gradhealth/flight/0123456789ab" in reading.messages()[0]


@pytest.mark.parametrize("wall_time", [float("nan"), float("inf")])
def test_a_wall_time_that_is_not_finite_is_a_problem_and_the_values_are_read(log, table, reading, wall_time):
    log.table(table)
    log.record(table, 1, wall_time=wall_time)
    log.record(table, 2)
    assert reading.steps() == [1, 2]
    assert len(reading.messages()) == 1
    assert "wall time" in reading.messages()[0]


def test_a_payload_that_is_not_an_event_is_one_problem(log, table, reading):
    from tensorboard.summary.writer.record_writer import RecordWriter

    with log.path.open("ab") as file:
        RecordWriter(file).write(b"gradhealth is no protocol buffer")
    log.table(table)
    log.record(table, 1)
    assert reading.steps() == [1]
    assert "not a TensorFlow event" in reading.messages()[0]


def test_values_of_other_plugins_are_ignored(log, reading, write):
    log.append(scalar_event(write, "loss"))
    log.append(scalar_event(write, "gradhealth/alerts"))
    log.append(event_pb2.Event(graph_def=b"a layer named gradhealth"))
    assert reading.steps() == []
    assert reading.messages() == []
    assert not reading.reader.has_plugin_data


def test_the_number_of_problems_is_limited(log, table, reading, write):
    for number in range(1000):
        log.append(write.tensor_event(record_tag(f"{number:012x}"), 1.0))
    log.table(table)
    log.record(table, 1)
    assert reading.steps() == [1]
    messages = reading.messages()
    assert len(messages) == MAX_PROBLEMS + 1
    assert str(1000 - MAX_PROBLEMS) in messages[-1]


def test_an_unreadable_file_is_a_problem_until_it_is_readable(tmp_path, log, table, write):
    reader = RunReader()
    hidden = tmp_path / "hidden"
    link = tmp_path / "run" / "events.out.tfevents.0"
    link.symlink_to(hidden)
    files = [EventFile(str(path), path.name, recorder=False) for path in (link, log.path)]
    log.table(table)
    log.record(table, 2)
    assert [record.step for record in reader.read(files)] == [2]
    assert [(problem.path, problem.offset) for problem in reader.problems()] == [(link.name, None)]
    assert list(reader.read(files)) == []
    assert len(reader.problems()) == 1
    other = write.log(hidden)
    other.table(table)
    other.record(table, 1)
    assert [record.step for record in reader.read(files)] == [1]
    assert reader.problems() == ()


def test_replaced_removed_and_late_files_make_a_reader_stale(tmp_path, log, table, reading, write):
    log.table(table)
    second = write.log(tmp_path / "run" / "events.out.tfevents.3")
    reading.records()
    assert reading.reader.stale(reading.files) is None
    late = write.log(tmp_path / "run" / "events.out.tfevents.2")
    assert "before files already read" in reading.reader.stale(reading.files).message
    late.path.unlink()
    second.record(table, 1)
    write.log(tmp_path / "run" / "events.out.tfevents.4")
    assert reading.reader.stale(reading.files) is None
    second.path.unlink()
    assert "was removed" in reading.reader.stale(reading.files).message
    os.truncate(log.path, 10)
    assert "was replaced" in reading.reader.stale(reading.files).message


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_damaged_bytes_raise_no_exception(log, table, reading, data):
    if log.path.stat().st_size < 200:
        log.table(table)
        for step in range(3):
            log.record(table, step)
        log.path.with_name("intact").write_bytes(log.path.read_bytes())
    content = bytearray(log.path.with_name("intact").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    log.path.write_bytes(bytes(content))
    reading.reader = RunReader()
    records = reading.records()
    if len(records) < 3:
        # A last byte that became zero counts as not arrived yet.
        assert reading.messages() or reading.reader.unfinished()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_event_content_raises_no_exception(log, table, reading, write, data):
    """Bytes damaged before the checksum is computed, as by a faulty writer."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    event = data.draw(st.sampled_from([write.table_event(table), write.record_event(table, 1)]))
    payload = bytearray(event.SerializeToString())
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), min_size=1, max_size=4)):
        payload[place] = data.draw(st.integers(0, 255))
    with log.path.open("wb") as file:
        RecordWriter(file).write(write.table_event(table).SerializeToString())
        RecordWriter(file).write(bytes(payload))
    reading.reader = RunReader()
    reading.records()


def test_repetitions_beyond_the_limit_are_rejected(log, reading, write):
    table = RowTable(
        tuple(Row(f"k{i}", "gradient", "k", "kernel", 0) for i in range(2_000)), watched=tuple(range(2_000))
    )
    log.append(write.table_event(table))
    event = write.tensor_event(steps_tag(table.id), np.float32([1.0]))
    value = event.summary.value[0].tensor
    value.float_val[:], value.tensor_content = [1.0], b""
    value.tensor_shape.Clear()
    for size in (100_000, 2_000):
        value.tensor_shape.dim.add(size=size)
    log.append(event)
    tracemalloc.start()
    assert reading.records() == []
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()
    assert "float32 need 800000000" in reading.reader.problems()[0].message
