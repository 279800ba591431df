"""Geometry of a small line chart: scales, ticks and polylines, for the template ``chart.svg.j2``.

Written here because a report needs one kind of chart with equal bytes in every process: matplotlib is heavy
and writes ids and dates that must be pinned, and other chart libraries bring scripts or style sheets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tb_gradhealth.health.results import amount
from tb_gradhealth.report.chart_points import Points

LEFT, RIGHT, TOP, BOTTOM = 62, 14, 22, 34
"""Margins in pixels, for the axes' labels."""

TICKS: Final = 4
"""Intervals that an axis has at most."""

LARGEST: Final = 1e300
"""Larger numbers are drawn as infinite ones: differences of smaller ones do not overflow."""


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis, in pixels."""

    at: str
    label: str


@dataclass(frozen=True)
class Limit:
    """The threshold: a horizontal line, its label, and the height of the label; in pixels."""

    at: str
    label: str
    label_at: str


@dataclass(frozen=True)
class Opening:
    """The begin of the incident: a vertical line and its label, which ``anchor`` keeps within the chart."""

    at: str
    label: str
    anchor: Literal["start", "end"]


@dataclass(frozen=True)
class Chart:
    """A chart as texts for SVG; all positions are in pixels with one decimal.

    Attributes:
        width: of the whole chart.
        height: likewise.
        lines: points of the polylines; a value that is missing separates two of them.
        dots: x and y of single values between missing ones.
        bands: points of the polygons from the minima to the maxima.
        faults: x of values that are infinite.
        steps: ticks of the horizontal axis.
        values: ticks of the vertical axis.
        limit: the threshold, None where it is not drawn.
        opening: the step at which the incident began.
        range: x and width of the steps of the incident, None where they are not drawn.
        peak: x and y of the worst value, None where it is not drawn.
        is_logarithmic: whether the vertical axis is.
    """

    width: int
    height: int
    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    bands: tuple[str, ...]
    faults: tuple[str, ...]
    steps: tuple[Tick, ...]
    values: tuple[Tick, ...]
    limit: Limit | None
    opening: Opening
    range: tuple[str, str] | None = None
    peak: tuple[str, str] | None = None
    is_logarithmic: bool = False
    left: int = LEFT
    top: int = TOP

    @property
    def right(self) -> int:
        """The right edge of the plot."""
        return self.width - RIGHT

    @property
    def bottom(self) -> int:
        """The lower edge of the plot."""
        return self.height - BOTTOM


@dataclass(frozen=True)
class Scale:
    """Maps values to pixels, linearly or by their logarithm.

    Values outside the range are mapped to the nearer edge, with a logarithm also zero and negative ones.

    Attributes:
        low: the value at the pixel ``begin``.
        high: the value at the pixel ``end``, larger than ``low``.
        begin: in pixels.
        end: in pixels.
        logarithmic: whether the position is proportional to the logarithm; ``low`` is above 0 then.
    """

    low: float
    high: float
    begin: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The position of a value in pixels."""
        inside = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.logarithmic:
            inside, low, high = math.log10(inside), math.log10(low), math.log10(high)
        share = (inside - low) / (high - low)
        return self.begin + min(max(share, 0.0), 1.0) * (self.end - self.begin)

    def ticks(self, unit: str = "") -> tuple[Tick, ...]:
        """Round numbers within the range, from low to high."""
        values = _decades(self.low, self.high) if self.logarithmic else _round_numbers(self.low, self.high)
        labels = tick_labels(values, unit)
        return tuple(Tick(_pixels(self(value)), label) for value, label in zip(values, labels, strict=True))


def line_chart(
    points: Points,
    *,
    width: int,
    height: int,
    opened_step: int,
    last_step: int,
    unit: str = "",
    threshold: float | None = None,
    peak: tuple[int, float] | None = None,
    logarithmic: bool = False,
    shade: bool = False,
) -> Chart:
    """The chart of a line.

    Args:
        points: the line.
        width: of the chart in pixels.
        height: likewise.
        opened_step: the step at which the incident began.
        last_step: its last step.
        unit: of the values, see `Finding`.
        threshold: drawn as a line across the chart where it is given and finite.
        peak: step and value of the worst value, drawn as a dot where it is finite.
        logarithmic: whether the values are drawn by their logarithm, if any is above 0.
        shade: whether the steps from the beginning to the last step are shaded.
    """
    mean, low_values, high_values = (
        tuple(map(_drawable, values)) for values in (points.mean, points.low, points.high)
    )
    points = replace(points, mean=mean, low=low_values, high=high_values)
    steps = [*points.steps, float(opened_step), *([float(last_step), float(peak[0])] if peak else [])]
    across = Scale(min(steps), max(*steps, min(steps) + 1), LEFT, width - RIGHT)
    limit, worst = (_drawable(each) for each in (threshold, peak and peak[1]))
    finite = [each for each in (limit, worst, *points.mean, *points.low, *points.high) if math.isfinite(each)]
    low, high, by_logarithm = _range(finite, logarithmic)
    up = Scale(low, high, height - BOTTOM, TOP, by_logarithm)
    at = [(across(step), up(mean)) for step, mean in zip(points.steps, points.mean, strict=True)]
    runs = _runs([math.isfinite(mean) for mean in points.mean])
    opening = across(opened_step)
    is_left = opening < (LEFT + width - RIGHT) / 2
    return Chart(
        width=width,
        height=height,
        lines=tuple(_path(at[begin:end]) for begin, end in runs if end - begin > 1),
        dots=tuple(
            (_pixels(x), _pixels(y)) for begin, end in runs if end - begin == 1 for x, y in [at[begin]]
        ),
        bands=tuple(_bands(points, across, up)),
        faults=tuple(
            _pixels(across(step))
            for step, mean in zip(points.steps, points.mean, strict=True)
            if math.isinf(mean)
        ),
        steps=_step_ticks(across),
        values=up.ticks(unit),
        limit=_limit(limit, up, unit),
        opening=Opening(_pixels(opening), f"began at step {opened_step:,}", "start" if is_left else "end"),
        range=(_pixels(opening), _pixels(max(across(last_step) - opening, 1))) if shade else None,
        peak=(_pixels(across(peak[0])), _pixels(up(worst))) if peak and math.isfinite(worst) else None,
        is_logarithmic=by_logarithm,
    )


def tick_labels(values: Sequence[float], unit: str) -> list[str]:
    """Numbers with their unit, in as few digits as distinguish them: ``20 %``, ``1e-8``, ``2.5e5 ×``."""
    for digits in range(3, 17):
        labels = [_tick_label(value, unit, digits) for value in values]
        if len(set(labels)) == len(labels):
            break
    return labels


def _tick_label(value: float, unit: str, digits: int) -> str:
    shown = (100 * value if unit == "share" else value) + 0.0  # never "-0"
    text = f"{shown:,.{max(digits, 5)}g}" if abs(shown) < 1e5 else f"{shown:.{digits}g}"
    text = text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return text + {"share": " %", "times": " ×"}.get(unit, "")


def _drawable(value: float | None) -> float:
    """The value; infinity for a larger one than can be drawn, NaN for None."""
    if value is None:
        return math.nan
    return value if not abs(value) > LARGEST else math.copysign(math.inf, value)


def _limit(threshold: float, up: Scale, unit: str) -> Limit | None:
    if not math.isfinite(threshold):
        return None
    at = up(threshold)
    above = at - 4 if at > TOP + 16 else at + 13
    return Limit(_pixels(at), f"limit {amount(threshold, unit)}", _pixels(above))


def _bands(points: Points, across: Scale, up: Scale) -> list[str]:
    """Polygons from the minima to the maxima where they differ, with the neighbouring points."""
    spread = [
        math.isfinite(low) and math.isfinite(high) for low, high in zip(points.low, points.high, strict=True)
    ]
    found = []
    for begin, end in _runs(spread):
        columns = list(
            zip(points.steps[begin:end], points.low[begin:end], points.high[begin:end], strict=True)
        )
        if any(low < high for _, low, high in columns):
            upper = [(across(step), up(high)) for step, _, high in columns]
            lower = [(across(step), up(low)) for step, low, _ in reversed(columns)]
            found.append(_path([*upper, *lower]))
    return found


def _runs(present: Sequence[bool]) -> list[tuple[int, int]]:
    """Begin and end of each sequence of True."""
    edges = [index for index in range(len(present) + 1) if _at(present, index) != _at(present, index - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _at(present: Sequence[bool], index: int) -> bool:
    return 0 <= index < len(present) and present[index]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_pixels(x)},{_pixels(y)}" for x, y in points)


def _pixels(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _range(finite: Sequence[float], logarithmic: bool) -> tuple[float, float, bool]:
    """The range of an axis, and whether it is logarithmic."""
    positive = [value for value in finite if value > 1 / LARGEST]
    if logarithmic and positive:
        first, last = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        return 10.0**first, 10.0 ** max(last, first + 1), True
    if not finite:
        return 0.0, 1.0, False
    low, high = min(finite), max(finite)
    low = min(low, 0.0) if low > 0 and low < high / 2 else low  # zero is shown where it is near
    return (*_widened(low, high), False)


def _widened(low: float, high: float) -> tuple[float, float]:
    """The range, or a range around values that hardly differ."""
    size = max(abs(low), abs(high))
    if high - low > max(size / 1e6, 1 / LARGEST):
        return low, high
    margin = size / 10 if size > 1 / LARGEST else 1.0
    return low - margin, high + margin


def _round_numbers(low: float, high: float) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten within a range."""
    width = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(width))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= width * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _step_ticks(across: Scale) -> tuple[Tick, ...]:
    """Ticks at whole steps."""
    whole = [step for step in _round_numbers(across.low, across.high) if step == round(step)]
    return tuple(Tick(_pixels(across(step)), f"{step:,.0f}") for step in whole)


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten within a range."""
    first, last = round(math.log10(low)), round(math.log10(high))
    stride = max(math.ceil((last - first) / TICKS), 1)
    return [10.0**exponent for exponent in range(first, last + 1, stride)]
