"""The limit on the bytes of a run: records are written less often as it is used up, never stopped."""

from typing import Final

MEBIBYTE: Final = 1 << 20


class SizeBudget:
    """Halves the rate of records each time that half of the remaining bytes are used.

    A run of any length thus stays within its limit, and its records lie further apart the later they are.
    """

    def __init__(self, mebibytes: float) -> None:
        """Create an unused budget.

        Args:
            mebibytes: the limit in MiB.

        Raises:
            ValueError: it is not more than 0.
        """
        if not mebibytes > 0:
            raise ValueError(f"budget={mebibytes!r}: write a number of mebibytes more than 0")
        self._limit = mebibytes * MEBIBYTE

    def stride(self, used: int) -> int:
        """The stride of the records that are written after ``used`` bytes: 1, 2, 4, ..."""
        stride = 1
        while used > self._limit * (1 - 1 / (2 * stride)) and stride < 1 << 40:
            stride *= 2
        return stride
