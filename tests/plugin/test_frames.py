import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_gradhealth.plugin.frames import encode_frame

FLOATS = st.floats(width=64, allow_nan=True, allow_infinity=True)


@given(st.text(), st.integers(0, 9), st.data())
def test_a_frame_is_read_back_by_the_letter_of_the_contract(text, points, data):
    columns = {
        name: data.draw(st.lists(FLOATS, min_size=points, max_size=points)) for name in ("step", "value", "ü")
    }
    frame = encode_frame({"schema": "test/1", "run": text}, columns)
    assert frame[:4] == b"GHF1"
    (length,) = struct.unpack_from("<I", frame, 4)
    body = 8 + length
    assert body % 8 == 0
    header = json.loads(frame[8:body])
    assert header == {"schema": "test/1", "run": text, "points": points, "columns": list(columns)}
    numbers = struct.unpack_from(f"<{3 * points}d", frame, body)
    np.testing.assert_array_equal(numbers, [value for column in columns.values() for value in column])
    assert len(frame) == body + 24 * points


@pytest.mark.parametrize("columns", [{"a": [1.0], "b": [1.0, 2.0]}, {"a": [[1.0]]}])
def test_columns_that_do_not_fit_together_are_refused(columns):
    with pytest.raises(ValueError, match="do not form a frame"):
        encode_frame({}, columns)


def test_a_header_never_holds_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_frame({"value": float("nan")}, {})
