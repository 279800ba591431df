"""Sparklines: every value is in its place, whatever its size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_gradhealth.watch.sparkline import BLOCKS, NOT_FINITE, sparkline


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([3.0], "▁"),
        ([0.0, 7.0], "▁█"),
        (list(range(8)), BLOCKS),
        ([5.0, 5.0, 5.0], "▁▁▁"),
        ([0.0, math.nan, 7.0, math.inf], "▁×█×"),
        ([math.nan], "×"),
        ([-1e308, 1e308], "▁█"),
        ([0.0, 5e-324], "▁█"),
    ],
)
def test_known_series(values, drawn):
    assert sparkline(values, 8) == drawn


def test_a_long_series_is_divided_evenly():
    assert sparkline([0.0] * 50 + [1.0] * 50, 4) == "▁▁██"


@given(st.lists(st.floats()), st.integers(1, 40))
def test_any_series_is_drawn_in_the_width(values, width):
    drawn = sparkline(values, width)
    assert len(drawn) == min(len(values), width)
    assert set(drawn) <= {*BLOCKS, NOT_FINITE}
    if all(map(math.isfinite, values)):
        assert NOT_FINITE not in drawn
