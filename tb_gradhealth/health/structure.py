"""The network as the rules see it: row descriptions turned into masks and index arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.record import Kind, Row

SMALLEST_JUDGED = 16
"""Elements below which a tensor's statistics say too little to be judged."""

RELU_LIKE = frozenset({"relu", "relu6"})

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Structure:
    """Rows in record order with what rules select by; arrays of shape [rows]."""

    rows: tuple[Row, ...]
    depth: npt.NDArray[np.int64]
    size: npt.NDArray[np.float64]
    output: Mask
    matrix: Mask
    """Weight matrices: kernels and recurrent kernels of rank 2 and more that are not tiny."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Structure":
        """Index the rows of one history."""
        size = np.array([np.prod([abs(length) for length in row.shape], dtype=np.float64) for row in rows])
        matrix = [row.role in ("kernel", "recurrent") and len(row.shape) >= 2 for row in rows]
        return cls(
            rows=tuple(rows),
            depth=np.array([row.depth for row in rows], np.int64),
            size=size,
            output=np.array([row.output for row in rows], bool),
            matrix=np.array(matrix, bool) & (size >= SMALLEST_JUDGED),
        )

    def kind(self, kind: Kind) -> Mask:
        """Rows of this kind that hold numbers."""
        return np.array([row.kind == kind and not row.not_measured for row in self.rows], bool)

    def partners(self, kind: Kind) -> npt.NDArray[np.int64]:
        """For every row the index of the same tensor's row of another kind; -1 where there is none."""
        index = {row.tensor: place for place, row in enumerate(self.rows) if row.kind == kind}
        return np.array([index.get(row.tensor, -1) for row in self.rows], np.int64)

    def activation(self, names: frozenset[str]) -> Mask:
        """Rows whose layer uses one of these activation functions."""
        return np.array([row.activation in names for row in self.rows], bool)
