"""A series of numbers as a row of block characters."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"

NOT_FINITE: Final = "×"


def sparkline(values: Sequence[float], width: int) -> str:
    """The values from the lowest block (the smallest) to the highest (the largest), at most ``width`` long.

    Longer series are divided into ``width`` parts of nearly equal length, each drawn by its mean. A part
    with a value that is not finite is drawn as ``×``. Where all are equal, the lowest block is drawn.
    """
    parts = _means(values, width)
    size = max((abs(value) for value in parts if math.isfinite(value)), default=0.0) or 1.0
    scaled = [value / size for value in parts]  # from -1 to 1: their differences cannot overflow
    finite = [value for value in scaled if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    height = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(
        BLOCKS[round((value - low) * height)] if math.isfinite(value) else NOT_FINITE for value in scaled
    )


def _means(values: Sequence[float], width: int) -> list[float]:
    count = min(len(values), width)
    bounds = [index * len(values) // count for index in range(count + 1)] if count else [0]
    return [sum(value / (end - start) for value in values[start:end]) for start, end in pairwise(bounds)]
