"""What a training reports at the end of an epoch survives the way to bytes and back, NaN and infinity too."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.record import Epoch, RecordError, RowTable, decode_epoch, encode_epoch
from tb_gradhealth.record.epochs import MAXIMUM_VALUES

values = st.dictionaries(st.text(), st.floats())


@settings(deadline=None)
@given(values)
def test_names_and_numbers_survive_the_round_trip(values):
    again = decode_epoch(encode_epoch(values))
    assert list(again) == list(values)
    assert list(map(repr, again.values())) == list(map(repr, values.values()))


@settings(deadline=None)
@given(values)
def test_what_is_written_is_json_as_every_language_reads_it(values):
    def refused(constant):
        raise AssertionError(constant)

    read = json.loads(encode_epoch(values), parse_constant=refused)
    assert read.keys() == {"format", "values"}
    assert read["format"] == "gradhealth.epoch"
    assert read["values"].keys() == values.keys()


def test_numbers_that_json_lacks_are_written_as_words():
    written = json.loads(encode_epoch({"loss": math.nan, "up": math.inf, "down": -math.inf, "accuracy": 0.5}))
    assert written["values"] == {"loss": "NaN", "up": "Infinity", "down": "-Infinity", "accuracy": 0.5}


@given(st.binary() | st.text().map(str.encode))
def test_arbitrary_bytes_are_refused_and_nothing_else_is_raised(content):
    with pytest.raises(RecordError):
        decode_epoch(content)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_any_value_is_read_as_a_number_or_refused(value):
    content = json.dumps({"format": "gradhealth.epoch", "values": {"loss": value}}).encode()
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if number or value in ("NaN", "Infinity", "-Infinity"):
        assert repr(decode_epoch(content)["loss"]) == repr(float(value))
    else:
        with pytest.raises(RecordError, match="malformed"):
            decode_epoch(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "not JSON"),
        (b'{"values": {}}', "does not say"),
        (b'{"format": "gradhealth.rows", "values": {}}', "does not say"),
        (b'{"format": "gradhealth.epoch"}', "no values"),
        (b'{"format": "gradhealth.epoch", "values": [1]}', "no values"),
        (b'{"format": "gradhealth.epoch", "values": {"loss": 1' + b"0" * 400 + b"}}", "malformed"),
        (b'{"format": "gradhealth.epoch", "values": {"loss": 1' + b"0" * 9_999 + b"}}", "not JSON"),
        (b'{"format": "gradhealth.epoch", "values": {"\\ud800": 1}}', "malformed"),
        (encode_epoch({str(number): 0.0 for number in range(MAXIMUM_VALUES + 1)}), "more than"),
    ],
    ids=range(9),
)
def test_hostile_content_is_refused_with_a_reason(content, reason):
    with pytest.raises(RecordError, match=reason):
        decode_epoch(content)


def test_fields_that_a_later_writer_adds_are_ignored():
    content = b'{"format": "gradhealth.epoch", "values": {"loss": 1}, "lesson": 3}'
    assert decode_epoch(content) == {"loss": 1.0}


def test_an_epoch_takes_as_much_memory_as_its_names_and_numbers():
    assert Epoch(9, 0.0, RowTable(()), {"loss": 1.0, "val_loss": 2.0}).nbytes == 4 + 8 + 8 + 8
