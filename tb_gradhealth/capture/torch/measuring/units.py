"""Dead units: units of a layer that are silent in all batches of a window."""

from collections.abc import Sequence

import numpy as np
import torch

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.units import MIN_BATCHES


class Units:
    """The largest output of each ReLU-like unit since the begin of a window.

    Each watched step adds the first samples of its batch. At the end of a window the whole batch is searched,
    so a unit counts as dead only if it is silent there too. A window ends with the first record after
    `MIN_BATCHES` batches; until then the dead fraction is NaN.

    Attributes:
        is_full: whether the window ends with the next record.
    """

    def __init__(self, sizes: Sequence[int], device: torch.device) -> None:
        self._sizes = list(sizes)
        self._peaks = torch.zeros([sum(sizes)], device=device)
        self._batches = 0

    @property
    def is_full(self) -> bool:
        """See the class."""
        return self._batches + 1 >= MIN_BATCHES

    def add(self, peaks: torch.Tensor) -> None:
        """Add one batch: the largest output of each unit, layer by layer, float32 [units]."""
        torch.maximum(self._peaks, peaks, out=self._peaks)
        self._batches += 1

    def columns(self, searched: torch.Tensor | None) -> Floats:
        """Dead fraction and length of the window in batches, float32 [layers, 2]; ends a full window.

        Args:
            searched: the peaks of the whole batch, float32 [units]; None if it was not searched.
        """
        columns = np.full([len(self._sizes), 2], np.nan, np.float32)
        if self._batches < MIN_BATCHES or searched is None:
            return columns
        torch.maximum(self._peaks, searched, out=self._peaks)
        silent = (self._peaks == 0).cpu().numpy()  # NaN == 0 is false: a unit that is NaN is not dead
        ends = np.cumsum(self._sizes)[:-1]
        columns[:, 0] = [part.mean() if part.size else np.nan for part in np.split(silent, ends)]
        columns[:, 1] = self._batches
        self._peaks.zero_()
        self._batches = 0
        return columns
