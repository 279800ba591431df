"""What the rules measured, record by record: kept beside each record for charts and evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """All rules' numbers on one record, in one array: a thousand small ones would take more than they hold.

    Attributes:
        numbers: float32 [numbers].
        places: by rule where in it the values of its rows lie, and their references.
    """

    numbers: Numbers
    places: Mapping[str, tuple[slice, slice]]

    def of(self, symptom: str, place: int) -> tuple[float, float]:
        """A rule's value and reference of one of its rows; NaN where it had none."""
        where = self.places.get(symptom, (_NOWHERE, _NOWHERE))
        value, reference = (self.numbers[part] for part in where)
        return _number(value, place), _number(reference, place)


_NOWHERE: Final = slice(0, 0)

NOTHING: Final = Measured(np.empty(0, np.float32), {})
"""What is measured on a record before it is judged."""


def measured_on(
    judged: Sequence[tuple[str, Floats, Floats | None]], records: int, before: Measured
) -> Iterator[Measured]:
    """What was measured on each of some consecutive records.

    Args:
        judged: for each rule its id, and the values and references of its rows, [records, rows].
        records: how many.
        before: on an earlier record; the places are shared with it, as they seldom change.
    """
    places: dict[str, tuple[slice, slice]] = {}
    parts: list[Floats] = [np.empty((records, 0))]
    end = 0
    for symptom, value, reference in judged:
        begin, middle, end = end, end + value.shape[1], end + value.shape[1] * (1 + (reference is not None))
        places[symptom] = slice(begin, middle), slice(middle, end)
        parts += [value] if reference is None else [value, reference]
    numbers = np.concatenate(parts, axis=1, dtype=np.float32)
    shared = before.places if before.places == places else places
    for row in numbers:
        # A copy: of a thinned history a record would else keep all of its block's numbers.
        yield Measured(row.copy(), shared)


def _number(numbers: Numbers, place: int) -> float:
    return float(numbers[place]) if place < numbers.size else float("nan")
