"""Tracks the rows of embeddings that a sparse gradient has touched since the start."""

import torch


class TouchedRows:
    """A mark for each row of a table, set when a gradient contains the row."""

    def __init__(self) -> None:
        self._marks: dict[int, torch.Tensor] = {}

    def add(self, key: int, gradient: torch.Tensor) -> None:
        """Mark the rows of a sparse gradient.

        Args:
            key: of the table.
            gradient: sparse, coalesced or not.
        """
        marks = self._marks.get(key)
        if marks is None:
            marks = torch.zeros([gradient.shape[0]], dtype=torch.bool, device=gradient.device)
            self._marks[key] = marks
        marks.index_fill_(0, gradient._indices()[0], True)

    def untouched(self, key: int) -> float:
        """Share of a table's rows that were never touched; the host waits for it."""
        return 1 - float(self._marks[key].float().mean())
