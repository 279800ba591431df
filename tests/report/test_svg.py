"""The geometry of a chart for any numbers: within its borders, in order, with ticks that differ."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.report.chart_points import Points
from tb_gradhealth.report.svg import LEFT, TOP, Scale, line_chart, tick_labels

WIDTH, HEIGHT = 500, 200
NUMBERS = st.one_of(
    st.floats(width=32), st.floats(), st.sampled_from([0.0, math.nan, math.inf, 5e-324, 1.7e308])
)


@st.composite
def points(draw):
    steps = sorted(draw(st.sets(st.integers(0, 10**12), min_size=1, max_size=30)))
    mean = [draw(NUMBERS) for _ in steps]
    low = [value if draw(st.booleans()) else min(value, draw(NUMBERS)) for value in mean]
    high = [value if draw(st.booleans()) else max(value, draw(NUMBERS)) for value in mean]
    return Points(tuple(map(float, steps)), tuple(mean), tuple(low), tuple(high), len(steps))


@settings(max_examples=400, deadline=None)
@given(
    points(),
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.one_of(st.none(), NUMBERS),
    st.one_of(st.none(), NUMBERS),
    st.booleans(),
    st.sampled_from(["", "share", "times", "elements"]),
)
def test_everything_is_within_the_chart(line, opened, length, threshold, worst, logarithmic, unit):
    peak = None if worst is None else (opened, worst)
    chart = line_chart(
        line,
        width=WIDTH,
        height=HEIGHT,
        opened_step=opened,
        last_step=opened + length,
        unit=unit,
        threshold=threshold,
        peak=peak,
        logarithmic=logarithmic,
        shade=True,
    )
    at = [
        tuple(map(float, point.split(","))) for each in (*chart.lines, *chart.bands) for point in each.split()
    ]
    at += [tuple(map(float, dot)) for dot in (*chart.dots, *([chart.peak] if chart.peak else []))]
    for x, y in at:
        assert LEFT <= x <= chart.right
        assert TOP <= y <= chart.bottom
    finite = sum(abs(value) <= 1e300 for value in line.mean)
    assert sum(len(each.split()) for each in chart.lines) + len(chart.dots) == finite
    for ticks, low, high in ((chart.steps, LEFT, chart.right), (chart.values, TOP, chart.bottom)):
        places = [float(tick.at) for tick in ticks]
        assert all(low <= place <= high for place in places)
        assert len({tick.label for tick in ticks}) == len(ticks) <= 6
    assert len(chart.values) >= 1
    assert not re.search(r"nan|inf", str(chart).replace("infinite", ""))


@pytest.mark.parametrize(
    ("values", "unit", "labels"),
    [
        ([0, 0.25, 0.5], "share", ["0 %", "25 %", "50 %"]),
        ([1e-8, 1e-6, 1e-4], "ratio", ["1e-8", "1e-6", "0.0001"]),
        ([0, 50_000, 100_000, 250_000], "", ["0", "50,000", "1e5", "2.5e5"]),
        ([-0.0, 2.5], "times", ["0 ×", "2.5 ×"]),
        ([1_234_567, 1_234_568], "", ["1234567", "1234568"]),
    ],
)
def test_ticks_are_short_and_differ(values, unit, labels):
    assert tick_labels(values, unit) == labels


def test_a_scale_maps_its_ends_and_clamps_what_is_outside():
    scale = Scale(1e-4, 1.0, 0, 100, logarithmic=True)
    assert [round(scale(value), 6) for value in (1e-4, 1e-2, 1.0)] == [0, 50, 100]
    assert (scale(0.0), scale(-5.0), scale(7.0)) == (0, 0, 100)
