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
def test_frames_are_decoded_according_to_the_contract(text, types, data):
    columns = {name: np.array(data.draw(LISTS[dtype]), dtype) for name, dtype in types.items()}
    header, numbers = read_frame(encode_frame({"schema": "test/1", "run": text}, columns))
    assert (header["schema"], header["run"]) == ("test/1", text)
    assert header["points"] == (len(next(iter(columns.values()))) if columns else 0)
    assert {column["name"]: column["dtype"] for column in header["columns"]} == types
    assert list(numbers) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(numbers[name], column)


def test_columns_that_are_not_one_dimensional_are_rejected():
    with pytest.raises(ValueError, match="'a' of shape"):
        encode_frame({}, {"a": [[1.0]]})


def test_headers_with_nan_are_rejected():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_frame({"value": float("nan")}, {})
