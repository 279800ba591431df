"""Which steps are watched, and how many of them the flight recorder holds; the same in every framework."""

from typing import Any, Final

MIN_SIZE: Final = 64
"""Smallest number of steps in the flight recorder."""

MAX_SIZE: Final = 1 << 14
"""Largest number of steps to which it grows if the host collects less often."""

GOLDEN: Final = 2654435769
"""2^32 / golden ratio: its multiples modulo 2^32 are evenly spread, however many there are."""


def next_watched(number: Any, interval: Any) -> Any:
    """The next watched step: one in each interval, at a position that varies.

    Args:
        number: of the step that is watched now, an int or an int64 scalar of a framework.
        interval: one step in so many is watched, likewise.
    """
    block = (number - 1) // interval + 1
    return block * interval + (block % (1 << 20) * GOLDEN % (1 << 32) * interval) // (1 << 32) + 1
