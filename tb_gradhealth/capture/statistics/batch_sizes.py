"""How many elements of a batch are measured: of layers' outputs, inputs and targets."""

from typing import Final

ELEMENTS_EVERY_STEP: Final = 1 << 14
"""Elements of a batch from which step statistics are computed; at least one sample."""

MAX_MEASURED_ELEMENTS: Final = 1 << 16
"""Largest number of elements of a batch that are measured: moments then have an error of half a percent."""

MIN_MEASURED_ELEMENTS: Final = 1 << 14
MAX_TOTAL_ELEMENTS: Final = 1 << 21
"""With more than 32 such rows fewer elements are measured, so that up to 128 rows take 8 MiB together."""


def elements_of_batch(rows: int) -> int:
    """The elements that are measured of each of some ``rows``."""
    return min(max(MAX_TOTAL_ELEMENTS // max(rows, 1), MIN_MEASURED_ELEMENTS), MAX_MEASURED_ELEMENTS)


def samples_within(per_sample: int, max_elements: int) -> int:
    """Number of samples of ``per_sample`` elements that have ``max_elements`` together, at least one."""
    return max(max_elements // max(per_sample, 1), 1)
