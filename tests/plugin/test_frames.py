import numpy as np
import pytest
from frame import read_frame
from hypothesis import given
from hypothesis import strategies as st

from tb_gradhealth.plugin.frames import encode_frame

LISTS = {
    "float64": st.lists(st.floats(width=64), max_size=9),
    "float32": st.lists(st.floats(width=32), max_size=9),
}


@given(st.text(), st.dictionaries(st.text(), st.sampled_from(list(LISTS))), st.data())
def test_a_frame_is_read_back_by_the_letter_of_the_contract(text, types, data):
    columns = {name: np.array(data.draw(LISTS[dtype]), dtype) for name, dtype in types.items()}
    header, numbers = read_frame(encode_frame({"schema": "test/1", "run": text}, columns))
    assert (header["schema"], header["run"]) == ("test/1", text)
    assert header["points"] == (len(next(iter(columns.values()))) if columns else 0)
    assert {column["name"]: column["dtype"] for column in header["columns"]} == types
    assert list(numbers) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(numbers[name], column)


def test_what_is_no_line_of_numbers_is_refused():
    with pytest.raises(ValueError, match="'a' of shape"):
        encode_frame({}, {"a": [[1.0]]})


def test_a_header_never_holds_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_frame({"value": float("nan")}, {})
