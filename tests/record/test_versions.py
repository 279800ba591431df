"""What earlier versions wrote is still read: the files in ``written/`` were made by them, by a real training.

It is a `fit` of hidden (3 inputs, 4 ReLU units) and out (1 linear unit) by SGD at a learning rate of 1/16, of
eight steps, with a record every four.
"""

from pathlib import Path

import numpy as np
import pytest

from tb_gradhealth.record import COLUMNS, RowTable, decode_steps, decode_table, decode_values, encode_table
from tb_gradhealth.record.records import Record

WRITTEN = Path(__file__).parent / "written"


@pytest.fixture(scope="module")
def table() -> RowTable:
    return decode_table((WRITTEN / "version_2_table.json").read_bytes())


@pytest.fixture(scope="module")
def record(table) -> Record:
    content = (WRITTEN / "version_2_record.bin").read_bytes()
    return Record(4, 0.0, table, decode_values(table, content, table.shape))


def test_a_table_of_version_2_names_its_tensors(table):
    described = {(row.kind, row.tensor): row for row in table.rows}
    assert len(described) == 16
    hidden = described["gradient", "hidden/kernel"]
    assert (hidden.shape, hidden.depth, hidden.activation, hidden.role) == ((3, 4), 0, "relu", "kernel")
    assert described["activation", "out"].output
    assert table.settings["optimizer"] == "SGD"


def test_what_version_2_did_not_have_reads_as_not_there(table):
    assert {(row.inputs, row.between) for row in table.rows} == {((), "")}
    assert "outer_fraction" not in table.columns


def test_a_table_of_version_2_keeps_its_id_also_when_it_is_written_again(table):
    assert table.id == "55d567dde54f"
    assert decode_table(encode_table(table)).id == table.id


def test_a_record_of_version_2_has_the_numbers_that_were_read_then(record):
    expected = np.load(WRITTEN / "version_2_values.npy")
    np.testing.assert_array_equal(record.values, expected)
    assert np.isnan(record.column("outer_fraction")).all()


def test_the_numbers_of_a_record_of_version_2_are_those_of_plain_sgd(record, table):
    of = {(row.kind, row.tensor): place for place, row in enumerate(table.rows)}
    mean = record.column("mean")
    assert mean[of["training", "learning_rate"]] == 1 / 16
    for tensor in ("hidden/kernel", "hidden/bias", "out/kernel", "out/bias"):
        gradient, update = mean[of["gradient", tensor]], mean[of["update", tensor]]
        np.testing.assert_allclose(update, -gradient / 16, rtol=1e-4)


def test_steps_of_version_2_are_read(table, record):
    content = (WRITTEN / "version_2_steps.bin").read_bytes()
    lines = decode_steps(table, content, (8, len(table.watched)))
    names = [table.rows[row].tensor for row in table.watched]
    assert lines[4, names.index("loss")] == record.column("mean")[[r.kind for r in table.rows].index("loss")]


def test_a_table_of_version_3_says_what_feeds_an_activation():
    rows = [
        '{"tensor": "input", "kind": "input", "layer": "input", "role": "other", "depth": 0, "shape": [3]}',
        '{"tensor": "b", "kind": "activation", "layer": "b", "role": "activation", "depth": 2, "shape": [-1],'
        '"inputs": ["input", "a"], "between": "operations that are no layer"}',
    ]
    content = (
        '{"format": "gradhealth.rows", "version": 3, "stream": "", "settings": {}, "columns": [], "rows": ['
    )
    read = decode_table((content + ", ".join(rows) + "]}").encode())
    assert [(row.inputs, row.between) for row in read.rows] == [
        ((), ""),
        (("input", "a"), "operations that are no layer"),
    ]


def test_the_columns_of_version_3_follow_those_of_version_2(table):
    assert set(table.columns) < set(COLUMNS)
    assert set(COLUMNS) - set(table.columns) == {"outer_fraction", "constant_fraction", "feature_spread"}
