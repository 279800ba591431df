"""Tables and records survive the way to bytes and back; anything else is refused with a reason."""

import contextlib
import json
import math

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
    decode_table,
    decode_values,
    encode_table,
    encode_values,
    parse_tag,
    record_tag,
    table_tag,
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
)
settings = st.dictionaries(
    st.text(),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)
tables = st.builds(
    RowTable,
    rows=st.lists(rows, max_size=6).map(tuple),
    columns=st.lists(st.text(), unique=True, max_size=6).map(tuple) | st.just(COLUMNS),
    stream=st.text(),
    settings=settings,
)


@given(tables)
def test_a_table_survives_the_round_trip(table):
    again = decode_table(encode_table(table))
    assert again == table
    assert again.id == table.id


@given(tables, tables)
def test_different_tables_have_different_ids(one, other):
    assert (one.id == other.id) == (one.as_json() == other.as_json())


@given(tables, st.data())
def test_a_matrix_survives_the_round_trip_bit_by_bit(table, data):
    shape = (len(table.rows), len(table.columns))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32)))
    again = decode_values(table, encode_values(values), shape)
    assert again.dtype == np.float32
    assert again.tobytes() == values.tobytes()


@given(tables)
def test_tags_name_their_table(table):
    assert parse_tag(table_tag(table.id)) == ("rows", table.id)
    assert parse_tag(record_tag(table.id)) == ("record", table.id)


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
    st.sampled_from(["rows", "columns", "settings", "stream", "format", "version"]),
)
def test_a_table_with_one_field_replaced_is_read_or_refused(value, field):
    table = json.loads(encode_table(RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))))
    table[field] = value
    with contextlib.suppress(RecordError):
        again = decode_table(json.dumps(table).encode())
        assert decode_table(encode_table(again)) == again


def test_a_newer_version_is_refused_with_the_remedy():
    table = {**json.loads(encode_table(RowTable(rows=()))), "version": VERSION + 1}
    with pytest.raises(RecordError, match=r"version 2 by a newer tb_gradhealth.*upgrade"):
        decode_table(json.dumps(table).encode())


def test_a_field_added_later_to_a_row_is_ignored():
    table = json.loads(encode_table(RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))))
    table["rows"][0]["colour"] = "blue"
    assert decode_table(json.dumps(table).encode()).rows[0].tensor == "a/kernel"


def test_a_matrix_of_another_shape_is_refused():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))
    values = np.zeros((2, len(COLUMNS)), np.float32)
    with pytest.raises(RecordError, match=r"has shape \[2, 25\], its row table says \[1, 25\]"):
        decode_values(table, encode_values(values), values.shape)


def test_a_matrix_cut_short_is_refused():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),))
    content = encode_values(np.zeros((1, len(COLUMNS))))
    with pytest.raises(RecordError, match="holds 99 bytes"):
        decode_values(table, content[:-1], (1, len(COLUMNS)))


def test_a_column_the_table_lacks_reads_as_not_measured():
    table = RowTable(rows=(Row("a/kernel", "weight", "a", "kernel", 0),), columns=("rms",))
    record = Record(step=0, wall_time=0.0, table=table, values=np.ones((1, 1), np.float32))
    assert record.column("rms").tolist() == [1.0]
    assert all(map(math.isnan, record.column("mean")))
    assert np.isnan(record.magnitudes()).all()
