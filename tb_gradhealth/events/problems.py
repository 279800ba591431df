"""Problems in the files of a run, merged by file and kind, in a limited number."""

from dataclasses import dataclass
from typing import Final

MAX_PROBLEMS: Final = 50
"""Entries of one log; further ones are only counted. A log directory can hold a million damaged tags."""


@dataclass(frozen=True)
class Problem:
    """Something that could not be read.

    Attributes:
        path: the file or folder, relative to the log directory.
        offset: byte offset of the first occurrence in the file, None where none applies.
        message: a sentence for the user, with a count where it occurred more than once.
    """

    path: str
    offset: int | None
    message: str


class ProblemLog:
    """Collects problems, merged by path and kind."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], tuple[Problem, int]] = {}
        self._omitted = 0

    def add(self, path: str, kind: str, offset: int | None, message: str) -> None:
        """Store the first problem of a path and kind, count the others.

        Args:
            path: as in `Problem`.
            kind: the kind of problem, including its tag where it has one.
            offset: as in `Problem`.
            message: as in `Problem`; that of the first occurrence is shown.
        """
        key = (path, kind)
        if key in self._problems:
            first, count = self._problems[key]
            self._problems[key] = first, count + 1
        elif len(self._problems) < MAX_PROBLEMS:
            self._problems[key] = Problem(path, offset, message), 1
        else:
            self._omitted += 1

    def remove(self, path: str, kind: str) -> None:
        """Remove a problem that no longer exists, such as a file that was unreadable for a while."""
        self._problems.pop((path, kind), None)

    def problems(self) -> tuple[Problem, ...]:
        """All stored problems in the order of their first occurrence. Other threads may add to the log."""
        listed = [
            problem
            if count == 1
            else Problem(problem.path, problem.offset, f"{problem.message} ({count} times)")
            for problem, count in list(self._problems.values())
        ]
        if self._omitted:
            listed.append(Problem("", None, f"{self._omitted} more of other kinds are not listed"))
        return tuple(listed)
