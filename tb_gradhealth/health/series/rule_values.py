"""The rules' measured values and references of each record, for charts and evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class RuleValues:
    """All rules' values on one record, in one array, since the overhead of many small ones is larger.

    Attributes:
        numbers: float32 [numbers].
        slices: by symptom the slices of the values of its rows, and of their references.
    """

    numbers: Numbers
    slices: Mapping[str, tuple[slice, slice]]

    def of(self, symptom: str, index: int) -> tuple[float, float]:
        """A rule's value and reference of one of its rows; NaN where it had none."""
        slices = self.slices.get(symptom, (_EMPTY, _EMPTY))
        value, reference = (self.numbers[part] for part in slices)
        return _number(value, index), _number(reference, index)


_EMPTY: Final = slice(0, 0)

NO_VALUES: Final = RuleValues(np.empty(0, np.float32), {})
"""The values of a record that is not judged yet."""


def rule_values_of(
    judged: Sequence[tuple[str, Floats, Floats | None]], records: int, before: RuleValues
) -> Iterator[RuleValues]:
    """The values of each of some consecutive records.

    Args:
        judged: for each rule its symptom id, and the values and references of its rows, [records, rows].
        records: number of records.
        before: the values of an earlier record; the slices are shared with it where they are equal.
    """
    slices: dict[str, tuple[slice, slice]] = {}
    parts: list[Floats] = [np.empty((records, 0))]
    end = 0
    for symptom, value, reference in judged:
        begin, middle, end = end, end + value.shape[1], end + value.shape[1] * (1 + (reference is not None))
        slices[symptom] = slice(begin, middle), slice(middle, end)
        parts += [value] if reference is None else [value, reference]
    numbers = np.concatenate(parts, axis=1, dtype=np.float32)
    shared = before.slices if before.slices == slices else slices
    for row in numbers:
        # A copy: a view would keep the numbers of the whole block in memory.
        yield RuleValues(row.copy(), shared)


def _number(numbers: Numbers, index: int) -> float:
    return float(numbers[index]) if index < numbers.size else float("nan")
