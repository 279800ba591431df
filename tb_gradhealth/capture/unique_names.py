"""Unique names for tensors and layers that have the same one."""

from collections.abc import Iterable


class UniqueNames:
    """Makes names unique: the second ``"dense"`` becomes ``"dense_2"``.

    Args:
        used: names that are used already.
    """

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._used = set(used)

    def __call__(self, name: str) -> str:
        """The name, with a number if it is used already."""
        candidate, number = name, 1
        while candidate in self._used:
            number += 1
            candidate = f"{name}_{number}"
        self._used.add(candidate)
        return candidate
