"""All runs below some log directories, refreshed incrementally."""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tb_gradhealth.events import Discovery, DiscoveryCache, EventFile, HParamsReader, Problem, Root
from tb_gradhealth.health import RuleSet
from tb_gradhealth.health.series import BUDGET
from tb_gradhealth.monitor.monitored_run import MAX_PENDING, MonitoredRun
from tb_gradhealth.record import Content

TOTAL_BUDGET: Final = 4 << 30
"""Bytes that the histories of all runs may take together."""

MIN_BUDGET: Final = 2 << 20
"""Bytes that the history of one run may take however many runs there are."""

SLICE_SECONDS: Final = 0.03
"""Time for which reading or judging runs before the lock is released for requests."""


class NotFoundError(LookupError):
    """A requested run, tensor or finding does not exist; the message is a sentence for the user."""


@dataclass(frozen=True)
class Snapshot:
    """The state of a monitor while its lock is held.

    Attributes:
        runs: the runs with data of the plugin by name, sorted.
        other_runs: number of runs that have event files without data of the plugin.
        missing: log directories that do not exist (yet), as given.
        problems: problems outside ``runs``.
        loaded: whether every run was read to its end once; until then some may be missing or incomplete.
        runs_read: number of runs that were.
    """

    runs: Mapping[str, MonitoredRun]
    other_runs: int
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    loaded: bool = True
    runs_read: int = 0

    def run(self, name: str) -> MonitoredRun:
        """The run of a name.

        Raises:
            NotFoundError: it does not exist.
        """
        if name not in self.runs:
            raise NotFoundError(f"there is no run {name[:200]!r}")
        return self.runs[name]

    def select(self, names: Collection[str]) -> list[MonitoredRun]:
        """The runs of some names, or all runs where none is named.

        Raises:
            NotFoundError: one of them does not exist.
        """
        return [self.run(name) for name in names] if names else list(self.runs.values())

    @property
    def revision(self) -> str:
        """Changes whenever the snapshot or one of its runs does."""
        runs = " ".join(f"{name} {run.revision}" for name, run in self.runs.items())
        others = f"{self.other_runs} {self.missing} {self.problems}"
        return f"{runs} {others} {self.loaded} {self.runs_read}"


class Monitor:
    """The runs of some log directories. Each refresh reads only what is new.

    Thread-safe: TensorBoard answers each request in its own thread.
    """

    def __init__(self, roots: Sequence[Root], rules: RuleSet | None = None) -> None:
        """Create a monitor that has read nothing.

        Args:
            roots: the directories to search for runs.
            rules: the rules to judge runs by; the default rules where None.
        """
        self._discovery_cache = DiscoveryCache(roots)
        self._cached: Discovery | None = None
        self._rules = rules
        self._lock = threading.RLock()
        self._refresh_lock = threading.Lock()
        self._runs: dict[str, MonitoredRun] = {}
        self._discovery = Discovery({}, (), ())
        self._is_discovered = False
        self._refreshed_at = -float("inf")
        self._preferred: tuple[str, ...] = ()
        self._hparams = HParamsReader()

    def prefer(self, names: Sequence[str]) -> None:
        """Read these runs before all others from now on, since a user is looking at them."""
        self._preferred = tuple(names)

    def refresh(self, at_most_every: float = 0.0) -> None:
        """Read and judge everything new.

        Args:
            at_most_every: seconds; do nothing where the last refresh is more recent.
        """
        if time.monotonic() - self._refreshed_at < at_most_every:
            return
        for _ in self.refresh_in_slices():
            pass

    def refresh_in_slices(self) -> Iterator[None]:
        """Refresh, yielding every `SLICE_SECONDS` with the lock released.

        A second refresh starts when the first has ended.
        """
        with self._refresh_lock:
            began = time.monotonic()
            pending = self._discover()
            while pending:
                name = next((name for name in self._preferred if name in pending), next(iter(pending)))
                files = pending.pop(name)
                if not self._runs[name].is_unchanged(files):
                    yield from self._refresh_run(name, files)
            self._refreshed_at = began

    def bytes_read(self) -> int:
        """Bytes read of the event files of all runs, including values of other plugins."""
        with self._lock:
            return sum(run.loading.bytes_read for run in self._runs.values())

    def files(self, run: str) -> tuple[EventFile, ...]:
        """The event files of a run, in order; none where the run does not exist."""
        return self._discovery.runs.get(run, ())

    def hparams(self, run: str) -> Mapping[str, object] | None:
        """Hyper-parameters of a run or of a session around it: ``trial/train`` has those of ``trial``."""
        discovery = self._discovery
        return self._hparams.read_first((discovery.runs.get(run, ()), *discovery.sessions(run)))

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Hold the lock and return the current state: nothing is judged while the block runs."""
        with self._lock:
            others = [run for run in self._runs.values() if not run.has_plugin_data]
            read = sum(run.is_loaded for run in self._runs.values())
            yield Snapshot(
                runs={name: run for name, run in self._runs.items() if run.has_plugin_data},
                other_runs=len(others),
                missing=self._discovery.missing,
                problems=self._discovery.problems
                + tuple(problem for run in others for problem in run.problems()),
                loaded=self._is_discovered and read == len(self._runs),
                runs_read=read,
            )

    def _discover(self) -> dict[str, tuple[EventFile, ...]]:
        """The files of the runs to refresh, in the order of reading."""
        discovery = self._discovery_cache.discover()
        if discovery is self._cached and all(run.is_loaded for run in self._runs.values()):
            return dict(self._discovery.runs)
        self._cached = discovery
        return self._update_runs(self._with_unlisted(discovery))

    def _with_unlisted(self, discovery: Discovery) -> Discovery:
        """The discovery with earlier runs from folders that cannot be listed now."""
        before = self._discovery.runs
        unlisted = {
            name: before[name]
            for name in before
            if name not in discovery.runs and _is_below(name, discovery.unlisted)
        }
        return replace(discovery, runs=dict(sorted({**discovery.runs, **unlisted}.items())))

    def _update_runs(self, discovery: Discovery) -> dict[str, tuple[EventFile, ...]]:
        """Remove deleted runs and add new ones; the unread ones are read first, the newest of them first."""
        with self._lock:
            before = dict(self._runs)
        budget = max(MIN_BUDGET, min(BUDGET, TOTAL_BUDGET // max(len(discovery.runs), 1)))
        runs: dict[str, MonitoredRun] = {}
        written: dict[str, float] = {}
        for name, files in discovery.runs.items():
            runs[name] = before.get(name) or MonitoredRun(name, rules=self._rules, budget=budget)
            if not runs[name].is_loaded:
                written[name] = runs[name].set_files(files)
        with self._lock:
            self._discovery, self._runs, self._is_discovered = discovery, runs, True
        unread = sorted(written, key=lambda name: -written[name])
        return {name: discovery.runs[name] for name in [*unread, *runs]}

    def _refresh_run(self, name: str, files: Sequence[EventFile]) -> Iterator[None]:
        """Read without the lock, since a network takes its time; judge with it, slice by slice."""
        run = self._runs[name].restarted_if_stale(files)
        with self._lock:
            self._runs[name] = run
        records = run.records(files)
        exhausted = False
        while not exhausted:
            batch, exhausted = _next_batch(records)
            if not batch and run.is_loaded:
                return  # an unchanged run takes no slice: of a thousand runs most are unchanged
            pending = True
            while pending:
                with self._lock:
                    pending = not run.judge(batch, time.monotonic() + SLICE_SECONDS)
                    if exhausted and not pending:
                        run.mark_loaded()
                yield


def _next_batch(records: Iterator[Content]) -> tuple[deque[Content], bool]:
    """The records read within `SLICE_SECONDS`, and whether those were the last ones."""
    batch: deque[Content] = deque()
    end = time.monotonic() + SLICE_SECONDS
    for record in records:
        batch.append(record)
        if time.monotonic() > end or len(batch) == MAX_PENDING:
            return batch, False
    return batch, True


def _is_below(name: str, folders: Sequence[str]) -> bool:
    """Whether a run lies in one of the folders; "" and "." contain all runs."""
    return any(folder in ("", ".", name) or name.startswith(folder + "/") for folder in folders)
