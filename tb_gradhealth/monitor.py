"""A log directory being watched: event files into judged runs. The tab and `gradhealth check` stand on it."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tb_gradhealth.events import Discovery, EventFile, Problem, Root, RunReader, discover
from tb_gradhealth.health import RuleSet, RunHealth
from tb_gradhealth.record import Record, Steps

_log = logging.getLogger(__name__)


class MonitoredRun:
    """One run: its reader, its health and whatever could not be read or judged."""

    def __init__(self, name: str, *notes: Problem, rules: RuleSet | None = None) -> None:
        """An unread run.

        Args:
            name: as TensorBoard calls it.
            notes: what should be said about it from the start.
            rules: how to judge it; the default rules where None.
        """
        self.name = name
        self.health = RunHealth(rules)
        self._rules = rules
        self._reader = RunReader()
        self._notes = notes

    @property
    def ours(self) -> bool:
        """Whether the run holds anything of ours, readable or not."""
        return self._reader.ours

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with its files, at most some dozens of lines."""
        unjudged = tuple(Problem(self.name, None, failure) for failure in self.health.failures())
        return self._notes + self._reader.problems() + unjudged

    def unfinished(self) -> tuple[Problem, ...]:
        """Files that end within a record, which is how a file looks that is being written."""
        return self._reader.unfinished()

    def read(self, files: Sequence[EventFile]) -> None:
        """Judge every record that is new in the run's files."""
        for _ in self.replay(files):
            pass

    def replay(self, files: Sequence[EventFile]) -> Iterator[Record | Steps]:
        """Like `read`, pausing after each record: ``health`` is then as it was while the run trained."""
        for record in self._reader.read(files):
            self.health.observe(record)
            yield record

    def renewed(self, files: Sequence[EventFile]) -> "MonitoredRun":
        """This run, or an unread one of the same name where its files are no longer those that were read."""
        note = self._reader.stale(files)
        return self if note is None else MonitoredRun(self.name, note, rules=self._rules)


@dataclass(frozen=True)
class Watched:
    """What a monitor knows now.

    Attributes:
        runs: the runs that hold anything of ours, by name, sorted.
        other_runs: how many more have event files, but nothing of ours in them.
        missing: log directories that do not exist (yet), as given.
        problems: those that belong to no run in ``runs``.
    """

    runs: Mapping[str, MonitoredRun]
    other_runs: int
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]


class Monitor:
    """Watches log directories. Nothing is read before the first `refresh`; each one reads only what is new.

    Safe for threads: TensorBoard answers each request in its own.
    """

    def __init__(self, roots: Sequence[Root], rules: RuleSet | None = None) -> None:
        """A monitor that has read nothing.

        Args:
            roots: the directories to look for runs in.
            rules: how to judge runs; the default rules where None.
        """
        self._roots = tuple(roots)
        self._rules = rules
        self._lock = threading.RLock()
        self._runs: dict[str, MonitoredRun] = {}
        self._discovery = Discovery({}, (), ())
        self._refreshed = -float("inf")

    def refresh(self, at_most_every: float = 0.0) -> None:
        """Read and judge what is new.

        Args:
            at_most_every: seconds; do nothing where the last refresh is younger. A page asks for several
                things at once, which one look at the disk can answer.
        """
        with self._lock:
            if time.monotonic() - self._refreshed < at_most_every:
                return
            self._discovery = discover(self._roots)
            runs: dict[str, MonitoredRun] = {}
            for name, files in self._discovery.runs.items():
                runs[name] = self._runs.get(name, MonitoredRun(name, rules=self._rules)).renewed(files)
                runs[name].read(files)
            self._runs = runs
            self._refreshed = time.monotonic()

    def files(self, run: str) -> tuple[EventFile, ...]:
        """The event files of a run, in order; empty for one that is not there."""
        return self._discovery.runs.get(run, ())

    @contextmanager
    def reading(self) -> Iterator[Watched]:
        """What is known, held still: no other thread refreshes while the block runs."""
        with self._lock:
            others = [run for run in self._runs.values() if not run.ours]
            yield Watched(
                runs={name: run for name, run in self._runs.items() if run.ours},
                other_runs=len(others),
                missing=self._discovery.missing,
                problems=self._discovery.problems
                + tuple(problem for run in others for problem in run.problems()),
            )
