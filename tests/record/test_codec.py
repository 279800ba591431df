"""Tables and records survive the way to bytes and back; anything else is refused with a reason."""

import contextlib
import gc
import json
import math
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tb_gradhealth.record import (
    COLUMNS,
    KINDS,
    ROLES,
    VERSION,
    Record,
    RecordError,
    Row,
    RowTable,
    Steps,
    WrittenRecord,
    decode_ago,
    decode_steps,
    decode_table,
    decode_values,
    encode_steps,
    encode_table,
    encode_values,
    epoch_tag,
    layouts,
    parse_tag,
    record_tag,
    steps_tag,
    table_tag,
    with_ago,
)

rows = st.builds(
    Row,
    tensor=st.text(),
    kind=st.sampled_from(KINDS),
    layer=st.text(),
    role=st.sampled_from(ROLES),
    depth=st.integers(0, 2**31),
    shape=st.lists(st.integers(-1, 2**31), max_size=5).map(tuple),
    dtype=st.text(),
    activation=st.text(),
    output=st.booleans(),
    not_measured=st.text(),
    inputs=st.lists(st.text(), max_size=3).map(tuple),
    between=st.text(),
    sampled=st.integers(0, 2**31),
)
settings = st.dictionaries(
    st.text(),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)


@st.composite
def tables(draw):
    described = tuple(draw(st.lists(rows, max_size=6)))
    columns = tuple(draw(st.lists(st.text(), unique=True, max_size=6) | st.just(COLUMNS)))
    some = st.lists(st.sampled_from(columns), unique=True).map(tuple) if columns else st.just(())
    return RowTable(
        rows=described,
        columns=columns,
        stream=draw(st.text()),
        settings=draw(settings),
        layouts=draw(st.dictionaries(st.sampled_from(KINDS), some)),
        watched=tuple(index for index in range(len(described)) if draw(st.booleans())),
    )


@given(tables())
def test_a_table_survives_the_round_trip(table):
    again = decode_table(encode_table(table))
    assert again == table
    assert again.id == table.id


@given(tables(), tables())
def test_different_tables_have_different_ids(one, other):
    assert (one.id == other.id) == (one.as_json() == other.as_json())


@given(tables(), st.data())
def test_what_the_layouts_keep_of_a_matrix_survives_bit_by_bit(table, data):
    shape = (len(table.rows), len(table.columns))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32)))
    again = decode_values(table, encode_values(table, values), table.shape)
    assert again.dtype == np.float32
    for row, before, after in zip(table.rows, values, again, strict=True):
        kept = table.layouts.get(row.kind, table.columns)
        for name, one, other in zip(table.columns, before, after, strict=True):
            assert one.tobytes() == other.tobytes() if name in kept else np.isnan(other)


@given(tables(), st.data())
def test_steps_survive_the_round_trip(table, data):
    shape = (data.draw(st.integers(1, 4)), len(table.watched))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32)))
    again = decode_steps(table, encode_steps(values), shape)
    assert again.tobytes() == values.tobytes()
    steps = Steps(last_step=7, wall_time=0.0, table=table, values=again)
    assert steps.steps.tolist() == list(range(8 - shape[0], 8))


@given(tables(), st.data())
def test_steps_with_others_between_them_keep_their_numbers(table, data):
    gaps = data.draw(st.lists(st.integers(1, 100), max_size=4))
    ago = np.array([*np.cumsum(gaps)[::-1], 0], np.int64)
    values = np.ones((ago.size, len(table.watched)), np.float32)
    written = with_ago(values, ago)
    content = encode_steps(written)
    assert decode_steps(table, content, written.shape).tolist() == values.tolist()
    again = decode_ago(table, content, written.shape)
    assert again.tolist() == ago.tolist()
    steps = Steps(last_step=1000, wall_time=0.0, table=table, values=values, ago=again)
    assert steps.steps.tolist() == (1000 - ago).tolist()
    assert decode_ago(table, encode_steps(values), values.shape) is None


@pytest.mark.parametrize(
    "ago", [[1, 2, 0], [2, 2, 0], [2, 1, 1], [1.5, 1, 0], [np.nan, 1, 0], [np.inf, 1, 0]]
)
def test_steps_out_of_order_are_refused(ago):
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),), watched=(0,))
    content = encode_steps(np.stack([np.ones(3), ago], axis=1))
    with pytest.raises(RecordError, match="not in the order of their steps"):
        decode_ago(table, content, (3, 2))


@given(tables())
def test_tags_name_their_table(table):
    assert parse_tag(table_tag(table.id)) == ("rows", table.id)
    assert parse_tag(record_tag(table.id)) == ("record", table.id)
    assert parse_tag(steps_tag(table.id)) == ("steps", table.id)
    assert parse_tag(epoch_tag(table.id)) == ("epoch", table.id)


@pytest.mark.parametrize(
    "tag", ["", "loss", "gradhealth/record/", "gradhealth/rows/0123456789ag", "x/gradhealth/rows/" + "0" * 12]
)
def test_other_tags_are_not_ours(tag):
    assert parse_tag(tag) is None


@given(st.binary() | st.text().map(str.encode))
def test_arbitrary_bytes_are_refused_and_nothing_else_is_raised(content):
    with pytest.raises(RecordError):
        decode_table(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(["rows", "columns", "settings", "stream", "format", "version", "layouts", "watched"]),
)
def test_a_table_with_one_field_replaced_is_read_or_refused(value, field):
    table = json.loads(encode_table(RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))))
    table[field] = value
    with contextlib.suppress(RecordError):
        again = decode_table(json.dumps(table).encode())
        assert decode_table(encode_table(again)) == again


def test_a_newer_version_is_refused_with_the_remedy():
    table = {**json.loads(encode_table(RowTable(rows=()))), "version": VERSION + 1}
    with pytest.raises(RecordError, match=rf"version {VERSION + 1} by a newer tb_gradhealth.*upgrade"):
        decode_table(json.dumps(table).encode())


def test_a_field_added_later_to_a_row_is_ignored():
    table = json.loads(encode_table(RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))))
    table["rows"][0]["colour"] = "blue"
    assert decode_table(json.dumps(table).encode()).rows[0].tensor == "a/kernel"


def test_a_matrix_of_another_shape_is_refused():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))
    values = np.zeros((2, len(COLUMNS)), np.float32)
    width = len(COLUMNS)
    with pytest.raises(RecordError, match=rf"has shape \[2, {width}\], its row table says \[1, {width}\]"):
        decode_values(table, values.tobytes(), values.shape)


def test_a_matrix_cut_short_is_refused():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))
    content = encode_values(table, np.zeros((1, len(COLUMNS))))
    with pytest.raises(RecordError, match=f"holds {4 * len(COLUMNS) - 1} bytes"):
        decode_values(table, content[:-1], (1, len(COLUMNS)))


@pytest.mark.parametrize("shape", [(), (0, 1), (3,), (2, 3), (1, 1, 1)])
def test_steps_of_another_shape_are_refused(shape):
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),), watched=(0,))
    with pytest.raises(RecordError, match=r"flight recorder has shape .*, its row table says \[steps, 1\]"):
        decode_steps(table, encode_steps(np.zeros(shape)), shape)


def test_a_table_of_version_1_is_still_read():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),), columns=("rms", "mean"))
    old = {**json.loads(encode_table(table)), "version": 1}
    del old["layouts"], old["watched"]
    assert decode_table(json.dumps(old).encode()) == table
    assert decode_values(table, np.array([1, 2], "<f4").tobytes(), (1, 2)).tolist() == [[1, 2]]


def test_the_layouts_name_every_kind_and_only_columns_there_are():
    everything = layouts(units=True, sparse=True, replicas=True)
    assert set(everything) == set(KINDS)
    assert {name for names in everything.values() for name in names} == set(COLUMNS)


def test_a_column_the_table_lacks_reads_as_not_measured():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),), columns=("rms",))
    record = Record(step=0, wall_time=0.0, table=table, values=np.ones((1, 1), np.float32))
    assert record.column("rms").tolist() == [1.0]
    assert all(map(math.isnan, record.column("mean")))
    assert np.isnan(record.magnitudes()).all()


FITTING = {
    **dict.fromkeys(("tensor", "layer", "dtype", "activation", "not_measured", "between"), "mood"),
    "shape": [7],
    "inputs": ["1"],
    "output": True,
}
"""Of the values below the one that a row's field may have."""


@pytest.mark.parametrize("field", Row.__dataclass_fields__)
@pytest.mark.parametrize("value", [None, 1.5, {}, [None], [1.5], ["1"], [[1]], [7], [True], "mood", True])
@pytest.mark.parametrize("row", [Row("a", "weight", "a", "kernel", 0, (1,), inputs=("b",), between="c")])
def test_a_row_with_one_field_of_another_type_is_read_or_refused(row, field, value):
    table = json.loads(encode_table(RowTable(rows=(row, row))))
    table["rows"][1][field] = value
    fitting = FITTING.get(field)
    if fitting is not None and (type(value), value) == (type(fitting), fitting):
        expected = replace(row, **{field: tuple(value) if isinstance(value, list) else value})
        assert decode_table(json.dumps(table).encode()).rows == (row, expected)
    else:
        with pytest.raises(RecordError):
            decode_table(json.dumps(table).encode())


def test_what_a_row_leaves_out_or_adds_is_no_trouble():
    row = {"tensor": "a", "kind": "weight", "layer": "a", "role": "kernel", "depth": 0, "shape": [2, -1]}
    table = json.loads(encode_table(RowTable(rows=())))
    table["rows"] = [row, {**row, "colour": "red", "dtype": "float16"}]
    expected = Row("a", "weight", "a", "kernel", 0, (2, -1))
    assert decode_table(json.dumps(table).encode()).rows == (expected, replace(expected, dtype="float16"))
    del row["depth"]
    with pytest.raises(RecordError, match="depth"):
        decode_table(json.dumps({**table, "rows": [row]}).encode())


def test_tables_of_one_content_are_one_as_long_as_it_is_in_use():
    content = encode_table(RowTable(rows=(Row("of many runs", "weight", "a", "kernel", 0),)))
    one = decode_table(content)
    assert decode_table(bytes(bytearray(content))) is one
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


@given(tables(), st.data(), st.binary(max_size=9))
def test_a_record_within_an_event_has_the_same_numbers(table, data, before):
    shape = (len(table.rows), len(table.columns))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32)))
    content = encode_values(table, values)
    record = WrittenRecord(3, 1.5, table, before + content + b"after", len(before))
    expected = decode_values(table, content, table.shape)
    assert (record.step, record.wall_time, record.table) == (3, 1.5, table)
    assert record.values.tobytes() == expected.tobytes()
    assert record.values.shape == expected.shape
    assert record.values.flags.aligned
    np.testing.assert_array_equal(record.written, Record(3, 1.5, table, expected).written)
    if values.size:
        row, column = data.draw(st.tuples(*(st.integers(0, size - 1) for size in shape)))
        for index in ((row, column), (slice(None), column), ([row], slice(None)), ([row, 0], column)):
            np.testing.assert_array_equal(record.part(*index), expected[index])


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 2**63},
        {"shape": [10**400]},
        {"shape": [-(2**70)]},
        {"tensor": "\ud800"},
        {"layer": "a\udfffb"},
    ],
    ids=str,
)
def test_what_no_array_and_no_text_can_hold_is_refused(change):
    read = json.loads(encode_table(RowTable((Row("a", "gradient", "a", "kernel", 0),))))
    read["rows"][0].update(change)
    with pytest.raises(RecordError, match="malformed"):
        decode_table(json.dumps(read).encode())


def test_nor_as_a_recorder_s_name():
    read = {**json.loads(encode_table(RowTable(()))), "stream": "\ud800"}
    with pytest.raises(RecordError, match="malformed"):
        decode_table(json.dumps(read).encode())


def test_a_whole_pair_of_surrogates_is_a_letter():
    table = RowTable((Row("\U0001f600", "gradient", "a", "kernel", 0),))
    assert b"\\ud83d" in encode_table(table)
    assert decode_table(encode_table(table)) == table
