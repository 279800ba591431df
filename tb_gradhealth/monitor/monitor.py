"""All runs below some log directories, read on whenever they are asked for."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tb_gradhealth.events import Discovery, EventFile, Lookout, Problem, Root
from tb_gradhealth.health import RuleSet
from tb_gradhealth.health.series import BUDGET
from tb_gradhealth.monitor.run import MonitoredRun
from tb_gradhealth.record import Content

TOTAL_BUDGET: Final = 4 << 30
LEAST_BUDGET: Final = 2 << 20
"""Bytes that the histories of all runs may take together, and those of one run in any case: many runs share
what few would have to themselves."""

SLICE: Final = 0.03
"""Seconds that judging holds what is known; questions are answered in between."""

MOST_WAITING: Final = 64
"""Records that are read and not judged yet; of a large network each takes megabytes."""


@dataclass(frozen=True)
class Watched:
    """What a monitor knows now.

    Attributes:
        runs: the runs that hold anything of ours, by name, sorted.
        other_runs: how many more have event files, but nothing of ours in them.
        missing: log directories that do not exist (yet), as given.
        problems: those that belong to no run in ``runs``.
        loaded: whether every run was read once; until then some may be missing or incomplete.
        runs_read: how many of them were.
    """

    runs: Mapping[str, MonitoredRun]
    other_runs: int
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    loaded: bool = True
    runs_read: int = 0


class Monitor:
    """Watches log directories. Nothing is read before it is asked to; each reading takes only what is new.

    Safe for threads: TensorBoard answers each request in its own.
    """

    def __init__(self, roots: Sequence[Root], rules: RuleSet | None = None) -> None:
        """A monitor that has read nothing.

        Args:
            roots: the directories to look for runs in.
            rules: how to judge runs; the default rules where None.
        """
        self._lookout = Lookout(roots)
        self._found: Discovery | None = None
        self._rules = rules
        self._lock = threading.RLock()
        self._one_reader = threading.Lock()
        self._runs: dict[str, MonitoredRun] = {}
        self._discovery = Discovery({}, (), ())
        self._looked = False
        self._refreshed = -float("inf")
        self._preferred: tuple[str, ...] = ()

    def prefer(self, names: Sequence[str]) -> None:
        """Read these runs before the others from now on: somebody is looking at them."""
        self._preferred = tuple(names)

    def refresh(self, at_most_every: float = 0.0) -> None:
        """Read and judge all that is new.

        Args:
            at_most_every: seconds; do nothing where the last refresh is younger.
        """
        if time.monotonic() - self._refreshed < at_most_every:
            return
        for _ in self.pieces():
            pass

    def pieces(self) -> Iterator[None]:
        """A refresh in small pieces, between which others may read what is known.

        One at a time: a second one begins when the first is through.
        """
        with self._one_reader:
            began = time.monotonic()
            waiting = self._look()
            while waiting:
                name = next((name for name in self._preferred if name in waiting), next(iter(waiting)))
                files = waiting.pop(name)
                if not self._runs[name].same(files):
                    yield from self._read_on(name, files)
            self._refreshed = began

    def bytes_read(self) -> int:
        """Of all runs' event files, whoever wrote them."""
        with self._lock:
            return sum(run.loading.bytes_read for run in self._runs.values())

    def files(self, run: str) -> tuple[EventFile, ...]:
        """The event files of a run, in order; empty for one that is not there."""
        return self._discovery.runs.get(run, ())

    @contextmanager
    def reading(self) -> Iterator[Watched]:
        """What is known, held still: nothing is read while the block runs."""
        with self._lock:
            others = [run for run in self._runs.values() if not run.ours]
            read = sum(run.done for run in self._runs.values())
            yield Watched(
                runs={name: run for name, run in self._runs.items() if run.ours},
                other_runs=len(others),
                missing=self._discovery.missing,
                problems=self._discovery.problems
                + tuple(problem for run in others for problem in run.problems()),
                loaded=self._looked and read == len(self._runs),
                runs_read=read,
            )

    def _look(self) -> dict[str, tuple[EventFile, ...]]:
        """What is to be read, first things first."""
        found = self._lookout.look()
        if found is self._found and all(run.done for run in self._runs.values()):
            return dict(self._discovery.runs)
        self._found = found
        return self._take_in(self._with_unseen(found))

    def _with_unseen(self, discovery: Discovery) -> Discovery:
        """With the runs that lie where nobody can look just now: what is known of them is not forgotten."""
        known = self._discovery.runs
        unseen = {
            name: known[name]
            for name in known
            if name not in discovery.runs and _below(name, discovery.unseen)
        }
        return replace(discovery, runs=dict(sorted({**discovery.runs, **unseen}.items())))

    def _take_in(self, discovery: Discovery) -> dict[str, tuple[EventFile, ...]]:
        """Forget runs that are gone, note new ones; what is to be read, unread runs first, newest first."""
        with self._lock:
            known = dict(self._runs)
        budget = max(LEAST_BUDGET, min(BUDGET, TOTAL_BUDGET // max(len(discovery.runs), 1)))
        runs: dict[str, MonitoredRun] = {}
        written: dict[str, float] = {}
        for name, files in discovery.runs.items():
            runs[name] = known.get(name) or MonitoredRun(name, rules=self._rules, budget=budget)
            if not runs[name].done:
                written[name] = runs[name].look_at(files)
        with self._lock:
            self._discovery, self._runs, self._looked = discovery, runs, True
        unread = sorted(written, key=lambda name: -written[name])
        return {name: discovery.runs[name] for name in [*unread, *runs]}

    def _read_on(self, name: str, files: Sequence[EventFile]) -> Iterator[None]:
        """Read outside the lock, since a network takes its time; judge within it, piece by piece."""
        run = self._runs[name].renewed(files)
        with self._lock:
            self._runs[name] = run
        records = run.records(files)
        exhausted = False
        while not exhausted:
            batch, exhausted = _some(records)
            if not batch and run.done:
                return  # of a thousand runs only a few have anything new: those are no pieces
            waiting = True
            while waiting:
                with self._lock:
                    waiting = not run.judge(batch, time.monotonic() + SLICE)
                    if exhausted and not waiting:
                        run.read_through()
                yield


def _some(records: Iterator[Content]) -> tuple[deque[Content], bool]:
    """What can be read in the time of a piece, and whether that was all."""
    batch: deque[Content] = deque()
    end = time.monotonic() + SLICE
    for record in records:
        batch.append(record)
        if time.monotonic() > end or len(batch) == MOST_WAITING:
            return batch, False
    return batch, True


def _below(name: str, folders: Sequence[str]) -> bool:
    """Whether a run lies in one of the folders; "" and "." are all of them."""
    return any(folder in ("", ".", name) or name.startswith(folder + "/") for folder in folders)
