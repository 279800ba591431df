"""What was wrong with the files of a run: one line per file and kind of trouble, never a flood."""

from dataclasses import dataclass
from typing import Final

MAX_PROBLEMS: Final = 50
"""Kept per log; more are only counted. A log directory can hold a million damaged tags."""


@dataclass(frozen=True)
class Problem:
    """Something that could not be read, in a sentence for a person.

    Attributes:
        path: the file or folder, relative to the log directory.
        offset: the byte in the file where the trouble was first met, None where it has no place.
        message: what it is, with a count where it came more than once.
    """

    path: str
    offset: int | None
    message: str


class ProblemLog:
    """Problems as they are met, merged by (path, trouble)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Problem, int]] = {}
        self._left_out = 0

    def add(self, path: str, trouble: str, offset: int | None, message: str) -> None:
        """Keep the first of its kind, count the others.

        Args:
            path: as in `Problem`.
            trouble: the kind of trouble, with its tag where it has one.
            offset: as in `Problem`.
            message: as in `Problem`; the first one's is shown.
        """
        key = (path, trouble)
        if key in self._kept:
            first, count = self._kept[key]
            self._kept[key] = first, count + 1
        elif len(self._kept) < MAX_PROBLEMS:
            self._kept[key] = Problem(path, offset, message), 1
        else:
            self._left_out += 1

    def forget(self, path: str, trouble: str) -> None:
        """Take a passing trouble back: the file can be read again."""
        self._kept.pop((path, trouble), None)

    def problems(self) -> tuple[Problem, ...]:
        """All that were kept, in the order they were first met. Another thread may go on adding."""
        listed = [
            problem
            if count == 1
            else Problem(problem.path, problem.offset, f"{problem.message} ({count} times)")
            for problem, count in list(self._kept.values())
        ]
        if self._left_out:
            listed.append(Problem("", None, f"{self._left_out} more of other kinds are not listed"))
        return tuple(listed)
