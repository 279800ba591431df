"""One run of a log directory: its reader, its health, and how far it was read."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tb_gradhealth.events import EventFile, Problem, RunReader
from tb_gradhealth.health import RuleSet, RunHealth
from tb_gradhealth.health.judging import BLOCK
from tb_gradhealth.health.series import BUDGET
from tb_gradhealth.record import Content

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loading:
    """How far a run was read.

    Attributes:
        done: whether it was read to its end before; what is added later is read at once.
        bytes_read: of its event files.
        bytes: that these were long when they were last looked at.
    """

    done: bool
    bytes_read: int
    bytes: int


class MonitoredRun:
    """One run: its reader, its health and whatever could not be read or judged."""

    def __init__(
        self, name: str, *notes: Problem, rules: RuleSet | None = None, budget: int = BUDGET
    ) -> None:
        """An unread run.

        Args:
            name: as TensorBoard calls it.
            notes: what should be said about it from the start.
            rules: how to judge it; the default rules where None.
            budget: bytes that its history may take, see `health.history.BUDGET`.
        """
        self.name = name
        self.health = RunHealth(rules, budget=budget)
        self._rules, self._budget = rules, budget
        self._reader = RunReader()
        self._notes = notes
        self._files: Sequence[EventFile] = ()
        self._bytes = 0
        self._read_once = False
        self._failure = ""
        # Problems are put into words for each revision, so only after something was done.
        self._turns, self._revised, self._said = 0, -1, ""

    @property
    def ours(self) -> bool:
        """Whether the run holds anything of ours, readable or not, as far as it was read."""
        return bool(self._failure) or self._reader.ours or any(file.recorder for file in self._files)

    @property
    def done(self) -> bool:
        """Whether it was read to its end before."""
        return self._read_once

    @property
    def revision(self) -> str:
        """Changes whenever anything that the run says does."""
        if self._revised != self._turns:
            turn = self._turns
            said = hash((self.problems(), self.unfinished()))
            done = "" if self._read_once else f".{self.loading.bytes_read}"
            self._said, self._revised = f"{said & 0xFFFFFFFF:x}{done}", turn
        return f"{self.health.revision}.{self._said}"

    @property
    def loading(self) -> Loading:
        """How far it was read."""
        read = self._reader.bytes_read
        return Loading(self._read_once, read, max(read, self._bytes))

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with its files, at most some dozens of lines."""
        unjudged = tuple(Problem(self.name, None, failure) for failure in self.health.failures())
        failed = (Problem(self.name, None, self._failure),) if self._failure else ()
        return self._notes + failed + self._reader.problems() + unjudged

    def unfinished(self) -> tuple[Problem, ...]:
        """Files that end within a record, which is how a file looks that is being written."""
        return self._reader.unfinished() if self._read_once else ()

    def look_at(self, files: Sequence[EventFile]) -> float:
        """Note the files and their sizes without reading them; when the newest was last written to."""
        self._turns += 1
        self._files = files
        states = [_status(file) for file in files]
        self._bytes = sum(size for size, _ in states)
        return max((written for _, written in states), default=0.0)

    def same(self, files: Sequence[EventFile]) -> bool:
        """Whether it is read to its end and nothing in its files is new."""
        return self._read_once and self._reader.same(files)

    def records(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """Everything new in the run's files, for `judge`; nothing that others look at waits for it."""
        self._files = files
        if self._failure:
            return
        try:
            for record in self._reader.read(files):
                self._turns += 1
                yield record
        except Exception as error:
            self._fail(error)
        self._turns += 1

    def judge(self, waiting: deque[Content], until: float) -> bool:
        """Judge what was read, in order, as far as time allows, block by block; at least one of them.

        Args:
            waiting: what was read; what was taken in is gone from it.
            until: when to stop, by `time.monotonic`.

        Returns:
            Whether all of it is judged.
        """
        self._turns += 1
        try:
            while self.health.judge(until) and waiting:
                taken = 0
                while waiting and taken < BLOCK:
                    content = waiting.popleft()
                    taken += content.nbytes
                    self.health.observe(content)
            return not waiting and self.health.judge(until)
        except Exception as error:
            self._fail(error)
            waiting.clear()
            return True
        finally:
            self._turns += 1

    def read_through(self) -> None:
        """Note that its files were read to their ends."""
        self._read_once = True
        self._turns += 1

    def read(self, files: Sequence[EventFile]) -> None:
        """Judge every record that is new in the run's files."""
        for _ in self.replay(files):
            pass

    def replay(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """Like `read`, pausing after each record: ``health`` is then as it was while the run trained."""
        for record in self.records(files):
            self.health.observe(record)
            yield record
        self.read_through()

    def renewed(self, files: Sequence[EventFile]) -> "MonitoredRun":
        """This run, or an unread one of the same name where its files are no longer those that were read."""
        note = self._reader.stale(files)
        if note is None:
            return self
        return MonitoredRun(self.name, note, rules=self._rules, budget=self._budget)

    def _fail(self, error: Exception) -> None:
        """Give this run up: what it holds must not take the other runs along."""
        _log.error("%s cannot be read", self.name, exc_info=error)
        self._failure = (
            f"cannot be read, so nothing of it is shown: {error!r}. The other runs are; please report this, "
            "with the event file if you may"
        )
        self.health = RunHealth(self._rules, budget=self._budget)


def _status(file: EventFile) -> tuple[int, float]:
    """Bytes and the time of the last change; nothing where it cannot be looked at, which reading it says."""
    try:
        status = file.now()
    except OSError:
        return 0, 0.0
    return status.size, status.written
