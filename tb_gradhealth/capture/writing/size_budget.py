"""How many bytes a run may write, and how it keeps to that: by writing more seldom, never by stopping."""

from typing import Final

MEBIBYTE: Final = 1 << 20


class SizeBudget:
    """Each time half of what is left has been used, only every other record is still written.

    So a run of any length stays within its limit, and its records lie the further apart the later they are.
    """

    def __init__(self, mebibytes: float) -> None:
        """A budget of which nothing is used.

        Args:
            mebibytes: the limit.

        Raises:
            ValueError: it is not more than 0.
        """
        if not mebibytes > 0:
            raise ValueError(f"budget={mebibytes!r}: write a number of mebibytes more than 0")
        self._limit = mebibytes * MEBIBYTE

    def stride(self, used: int) -> int:
        """Which records are written after ``used`` bytes: every one, every second, every fourth..."""
        stride = 1
        while used > self._limit * (1 - 1 / (2 * stride)) and stride < 1 << 40:
            stride *= 2
        return stride
