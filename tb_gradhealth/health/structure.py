"""The network as the rules see it: row descriptions turned into masks and index arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.record import Kind, Row

SMALLEST_JUDGED = 16
"""Elements below which a tensor's statistics say too little to be judged."""

RELU_LIKE = frozenset({"relu", "relu6"})


@dataclass(frozen=True)
class Structure:
    """Rows in record order with what rules select by; arrays of shape [rows]."""

    rows: tuple[Row, ...]
    depth: Ints
    size: Floats
    output: Mask
    matrix: Mask
    """Weight matrices: kernels and recurrent kernels of rank 2 and more that are not tiny."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Structure":
        """Index the rows of one history."""
        size = np.array([np.prod([abs(length) for length in row.shape], dtype=np.float64) for row in rows])
        measured = np.array([not row.not_measured for row in rows], bool)
        kinds = np.array([row.kind for row in rows], object)
        weights = {row.tensor: place for place, row in enumerate(rows) if row.kind == "weight"}
        matrix = [row.role in ("kernel", "recurrent") and len(row.shape) >= 2 for row in rows]
        return cls(
            rows=tuple(rows),
            depth=np.array([row.depth for row in rows], np.int64),
            size=size,
            output=np.array([row.output for row in rows], bool),
            matrix=np.array(matrix, bool) & (size >= SMALLEST_JUDGED),
            kinds={kind: (kinds == kind) & measured for kind in get_args(Kind)},
            relu_like=np.array([row.activation in RELU_LIKE for row in rows], bool),
            weights=np.array([weights.get(row.tensor, -1) for row in rows], np.int64),
        )

    kinds: Mapping[Kind, Mask]
    """Per kind the rows that hold numbers."""
    relu_like: Mask
    """Rows whose layer's activation function gives exact zeros."""
    weights: Ints
    """For every row the place of the same tensor's weight row; -1 where there is none."""
