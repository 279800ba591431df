"""One run of a log directory: its reader, its health, and its progress."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tb_gradhealth.events import EventFile, Problem, RunReader
from tb_gradhealth.health import RuleSet, RunHealth
from tb_gradhealth.health.judging import BLOCK
from tb_gradhealth.health.series import BUDGET
from tb_gradhealth.record import Content

_log = logging.getLogger(__name__)

MAX_PENDING: Final = 64
"""Records that are read and not judged yet; records of a large network have megabytes each."""


@dataclass(frozen=True)
class Loading:
    """The reading progress of a run.

    Attributes:
        done: whether the run was read to its end once; later records are read as they are written.
        bytes_read: bytes read of its event files.
        bytes: size of the files when it was last read.
    """

    done: bool
    bytes_read: int
    bytes: int


class MonitoredRun:
    """One run: its reader, its health, and what could not be read or judged."""

    def __init__(
        self, name: str, *notes: Problem, rules: RuleSet | None = None, budget: int = BUDGET
    ) -> None:
        """Create an unread run.

        Args:
            name: TensorBoard's name of the run.
            notes: problems to report from the start.
            rules: the rules to judge it by; the default rules where None.
            budget: bytes that its history may take, see `health.series.BUDGET`.
        """
        self.name = name
        self.health = RunHealth(rules, budget=budget)
        self._rules, self._budget = rules, budget
        self._reader = RunReader()
        self._notes = notes
        self._files: Sequence[EventFile] = ()
        self._bytes = 0
        self._is_loaded = False
        self._failure = ""
        # Hashing the problems takes time, so the suffix of the revision is cached until the next change.
        self._changes, self._suffix_changes, self._suffix = 0, -1, ""

    @property
    def has_plugin_data(self) -> bool:
        """Whether the part read so far holds data of the plugin, readable or not."""
        return (
            bool(self._failure) or self._reader.has_plugin_data or any(file.recorder for file in self._files)
        )

    @property
    def is_loaded(self) -> bool:
        """Whether the run was read to its end once."""
        return self._is_loaded

    @property
    def revision(self) -> str:
        """Changes whenever any property of the run does."""
        if self._suffix_changes != self._changes:
            changes = self._changes
            problems = hash((self.problems(), self.unfinished()))
            progress = "" if self._is_loaded else f".{self.loading.bytes_read}"
            self._suffix, self._suffix_changes = f"{problems & 0xFFFFFFFF:x}{progress}", changes
        return f"{self.health.revision}.{self._suffix}"

    @property
    def loading(self) -> Loading:
        """The reading progress."""
        read = self._reader.bytes_read
        return Loading(self._is_loaded, read, max(read, self._bytes))

    def read_files(self) -> tuple[tuple[str, str, int], ...]:
        """Of each event file its path below the log directory, the path to open it by, and the bytes read."""
        return self._reader.read_files()

    def problems(self) -> tuple[Problem, ...]:
        """What could not be read or judged; at most some dozens of entries."""
        unjudged = tuple(Problem(self.name, None, failure) for failure in self.health.failures())
        failed = (Problem(self.name, None, self._failure),) if self._failure else ()
        return self._notes + failed + self._reader.problems() + unjudged

    def unfinished(self) -> tuple[Problem, ...]:
        """Files that end within a record, as files do while they are written."""
        return self._reader.unfinished() if self._is_loaded else ()

    def set_files(self, files: Sequence[EventFile]) -> float:
        """Set the files and their size without reading them; return the time of the last modification."""
        self._changes += 1
        self._files = files
        states = [_size_and_time(file) for file in files]
        self._bytes = sum(size for size, _ in states)
        return max((written for _, written in states), default=0.0)

    def is_unchanged(self, files: Sequence[EventFile]) -> bool:
        """Whether the run was read to its end and its files have nothing new."""
        return self._is_loaded and self._reader.is_unchanged(files)

    def records(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """Read what is new in the run's files, for `judge`. Needs no lock."""
        self._files = files
        if self._failure:
            return
        try:
            for record in self._reader.read(files):
                self._changes += 1
                yield record
        except Exception as error:
            self._fail(error)
        self._changes += 1

    def judge(self, pending: deque[Content], until: float) -> bool:
        """Judge records in order, block by block, until a time; at least one block.

        Args:
            pending: records read and not judged; judged ones are removed from it.
            until: when to stop, in the time of `time.monotonic`.

        Returns:
            Whether all of them are judged.
        """
        self._changes += 1
        if self._failure:
            pending.clear()  # what follows a failure would be judged without what came before it
        try:
            while self.health.judge(until) and pending:
                taken = 0
                while pending and taken < BLOCK:
                    content = pending.popleft()
                    taken += content.nbytes
                    self.health.observe(content)
            return not pending and self.health.judge(until)
        except Exception as error:
            self._fail(error)
            pending.clear()
            return True
        finally:
            self._changes += 1

    def mark_loaded(self) -> None:
        """Record that the files were read to their ends."""
        self._is_loaded = True
        self._changes += 1

    def read(self, files: Sequence[EventFile]) -> None:
        """Read and judge everything new in the run's files."""
        pending: deque[Content] = deque()
        for record in self.records(files):
            pending.append(record)
            if len(pending) == MAX_PENDING:
                self.judge(pending, float("inf"))
        self.judge(pending, float("inf"))
        self.mark_loaded()

    def replay(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """Like `read`, yielding after each record with ``health`` as of that record."""
        for record in self.records(files):
            self.health.observe(record)
            yield record
        self.mark_loaded()

    def restarted_if_stale(self, files: Sequence[EventFile]) -> "MonitoredRun":
        """This run, or an unread one of the same name where the files are no longer those that were read."""
        note = self._reader.stale(files)
        if note is None:
            return self
        return MonitoredRun(self.name, note, rules=self._rules, budget=self._budget)

    def _fail(self, error: Exception) -> None:
        """Stop reading this run, so that the others are not affected."""
        _log.error("%s cannot be read", self.name, exc_info=error)
        self._failure = (
            f"cannot be read, so nothing of it is shown: {error!r}. The other runs are; please report this, "
            "with the event file if you may"
        )
        self.health = RunHealth(self._rules, budget=self._budget)


def _size_and_time(file: EventFile) -> tuple[int, float]:
    """A file's size and the time of its last modification; zeros where it is not accessible."""
    try:
        status = file.current_status()
    except OSError:
        return 0, 0.0  # reported by `read`
    return status.size, status.written
