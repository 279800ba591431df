"""What a recorder does outside the training step, whatever the framework: when to look, what to write."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from tb_gradhealth.capture.run_observer import DUE, TRIPPED, ObserverT, Tracked
from tb_gradhealth.capture.writing.event_file import OpenFile
from tb_gradhealth.capture.writing.run_writer import RunWriter
from tb_gradhealth.capture.writing.size_budget import SizeBudget
from tb_gradhealth.capture.writing.termination import closed, opened
from tb_gradhealth.capture.writing.time_budget import EVERY_STEP, TimeBudget
from tb_gradhealth.capture.writing.verdict import RunVerdict
from tb_gradhealth.record import COLUMNS, Epoch, Record, Setting, Steps

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

DEFAULT_NAME: Final = "gradhealth"
FAULTS: Final = [COLUMNS.index(name) for name in ("nan_count", "inf_count", "bad_steps")]

Self = TypeVar("Self", bound="RunRecorder[Any]")


class RunRecorder(Generic[ObserverT]):
    """Writes what observers have seen of a run's steps, as far as its budgets allow.

    Attributes:
        every: steps from one record to the next.
    """

    def __init__(
        self,
        log_dir: str | PathLike[str],
        *,
        every: int,
        name: str,
        settings: Mapping[str, Setting],
        budget: float,
        overhead: float | None,
        rules: "RuleSet | None",
        open_file: OpenFile,
        wanted: Callable[[], bool],
    ) -> None:
        """Begin a run; the file is begun with the first record.

        Args:
            log_dir: the run's directory.
            every: steps from one record to the next.
            name: tells recorders apart that write into one run.
            settings: of the row tables.
            budget: mebibytes that may be written.
            overhead: share of the training's time that watching may take, None for no limit.
            rules: how `findings` judges; the default rules where None.
            open_file: begins a file.
            wanted: whether records are to be written where it is called.

        Raises:
            ValueError: ``every``, ``budget`` or ``overhead`` is out of its range.
        """
        self.every = checked_every(every)
        self._stream = "" if name == DEFAULT_NAME else name
        self._settings = {"every": self.every, **settings}
        self._budget = SizeBudget(budget)
        self._time = TimeBudget(overhead, self.every)
        self._thins = overhead is not None
        self._last_end: float | None = None
        self._tracked: dict[object, Tracked[ObserverT]] = {}
        self._wanted = wanted
        self._writer = RunWriter(log_dir, open_file)
        self._verdict = RunVerdict(rules)
        self._calls = 0
        self._followed = 0
        self._fresh: list[Tracked[ObserverT]] = []
        self._next_check = 0
        self._last_step: int | None = None
        self._last_record_step = 0
        # The newest epoch that is not written, and how many there were.
        self._epoch: tuple[dict[str, float], int] | None = None
        self._epochs = 0
        self._closed = False
        opened(self)

    @property
    def records(self) -> bool:
        """Whether what is observed now can still be written."""
        return not self._closed and not self._writer.failed

    def track(self, key: object, observer: ObserverT, settings: Mapping[str, Setting]) -> Tracked[ObserverT]:
        """Follow an observer of one more set of tensors from now on."""
        settings = {**settings, **self._settings}
        table = observer.table(self._stream, settings)
        numbers: deque[int] = deque(maxlen=2 * self.every)
        tracked = Tracked(observer, table, self._calls, numbers=numbers, settings=settings)
        self._tracked[key] = tracked
        self._next_check = 0
        return tracked

    def step_observed(self, tracked: Tracked[ObserverT], traced: bool) -> None:
        """An observer was called; ``traced`` where that only made a program of it that will run later."""
        if traced:
            tracked.traced = True
            tracked.numbers.clear()
        if not tracked.traced:
            self._fresh.append(tracked)

    def write(self, step: Any) -> None:
        """Write the record if one is due; call it after each step, or after several with the last's number.

        Costs next to nothing when none is due.

        Args:
            step: number of the training step that was just observed, 0 for the first.
        """
        last = int(step)
        calls = 1 if self._last_step is None or last <= self._last_step else last - self._last_step
        self._last_step = last
        self._follow(last, calls)
        self._advance(calls, lambda tracked: last)

    def write_counted(self, first_step: int, calls: int) -> None:
        """Like `write`, for a loop that knows where it began but not how many steps really ran.

        Args:
            first_step: number of the first step that this recorder observed.
            calls: steps since the last call, at most.
        """
        self._follow(first_step + self._followed + len(self._fresh) - 1, len(self._fresh))
        self._advance(calls, lambda tracked: first_step + tracked.calls_before + tracked.seen - 1)

    def write_epoch(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Write what the training reports of an epoch: its mean loss, its metrics, those of the validation.

        Call it after the epoch's last `write`. An epoch counts towards the budget like a record; what is left
        out to keep to it is written at the end, the last epoch of all at least.

        Args:
            values: numbers by name, as `fit` names them: ``loss``, ``accuracy``, ``val_loss``...; what is no
                number is left out.
            step: number of the epoch's last step; by default that of the last `write`.
        """
        if not self.records or not self._wanted():
            return
        numbers = {
            str(name): number for name, value in values.items() if (number := _number(value)) is not None
        }
        last = self._last_step if step is None else int(step)
        if not numbers or last is None:
            return
        self._epoch = numbers, last
        if self._epochs % self._budget.stride(self._writer.size) == 0:
            self._write_epoch()
        self._epochs += 1

    def write_epoch_counted(self, values: Mapping[str, Any], first_step: int) -> None:
        """Like `write_epoch`, for a loop that knows where it began but not how many steps really ran."""
        self.write_epoch(values, first_step + self.observed() - 1)

    def observed(self) -> int:
        """Steps observed so far."""
        return max((t.calls_before + t.observer.count() for t in self._tracked.values()), default=0)

    def findings(self) -> Sequence["Finding"]:
        """What the rules find in the records so far."""
        return self._verdict.findings()

    def flush(self) -> None:
        """Make all that was written readable now."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is known of the steps after the last record, and close the file.

        Their full statistics are not known, but the flight recorder's steps are. If one of them was not
        finite, a last record says so: it has the columns since the last record and NaN in all others.
        """
        if self._closed:
            return
        self._closed = True
        for tracked in self._tracked.values():
            self._look(tracked, None)
            if tracked.step is not None:
                self._write_tail(tracked)
        self._write_epoch()
        self._write_counts(self._verdict.scalars(), self._last_record_step)
        self._writer.close()
        # It may be kept for its findings; what watched is not kept with it.
        self._tracked.clear()
        self._fresh.clear()
        closed(self)

    def disown(self) -> None:
        """Leave it to the process that this one was forked from."""
        self._closed = True

    def __del__(self) -> None:
        # A loop that ended in an exception, and nobody holds it any more.
        if not getattr(self, "_closed", True):
            self.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _follow(self, last: int, calls: int) -> None:
        """Number the steps that Python saw since the last call: sets of tensors may come in turns.

        Args:
            last: the number in the training of the newest.
            calls: how many there were; where they are not as many as what was observed, every set is taken to
                be observed in every step.
        """
        fresh = [tracked for tracked in self._fresh if not tracked.traced]
        self._fresh = []
        self._followed += len(fresh)
        in_turns = len(fresh) == calls
        to_come = Counter(map(id, fresh))
        for count, tracked in enumerate(fresh, start=1):
            to_come[id(tracked)] -= 1
            tracked.step = last - (len(fresh) - count if in_turns else to_come[id(tracked)])
            tracked.known += 1
            tracked.numbers.append(tracked.step)

    def _advance(self, calls: int, newest: Callable[[Tracked[ObserverT]], int]) -> None:
        """Look where it is time to, and find out how often there is time for it.

        Args:
            calls: steps since the last call.
            newest: the number in the training of an observer's newest step.
        """
        self._calls += calls
        if not self.records:
            return
        due = self._calls >= self._next_check
        self._look_where_due(due, newest)
        self._keep_time(calls, due)

    def _keep_time(self, calls: int, due: bool) -> None:
        """Time the steps, with what was done after them, and look as often as there is time for."""
        begin, self._last_end = self._last_end, time.perf_counter()
        if not self._thins or begin is None or len(self._tracked) != 1:
            return  # of several sets of tensors nobody knows which step was whose
        (tracked,) = self._tracked.values()
        if not tracked.observer.thins:
            return
        before = self._calls + 1 == self._next_check
        pace = self._time.follow(self._last_end - begin, calls, due, before)
        if pace is None:
            return
        tracked.observer.set_pace(pace.look, pace.record)
        if self._time.pace != tracked.pace:
            tracked.pace, self._next_check = self._time.pace, 0
            thinned = {"watched_every": tracked.pace.look, "every": self.every * tracked.pace.record}
            settings = tracked.settings if tracked.pace == EVERY_STEP else {**tracked.settings, **thinned}
            tracked.table = tracked.observer.table(self._stream, settings)

    def _look_where_due(self, due: bool, newest: Callable[[Tracked[ObserverT]], int]) -> None:
        if not due:
            # Not in a step that has a record to write: that one is the longest already.
            self._write_counts(self._verdict.judge(), self._last_record_step)
            self._writer.flush_if_old()
            return
        # One that is no longer called is not waited for.
        called = [tracked for tracked in self._tracked.values() if self._look(tracked, newest)]
        cadences = [(tracked, self.every * tracked.pace.record) for tracked in called]
        waits = [every - (tracked.seen - 1) % every for tracked, every in cadences]
        self._next_check = self._calls + min(waits, default=1)

    def _look(self, tracked: Tracked[ObserverT], newest: Callable[[Tracked[ObserverT]], int] | None) -> bool:
        """Write the records that nobody has read yet; whether there were new steps.

        Args:
            tracked: what to look at.
            newest: the number in the training of its newest step, None where that is not known anew.
        """
        observer = tracked.observer
        before = tracked.seen
        collected = observer.collect()
        tracked.seen, recorded, untaken = collected.seen, collected.recorded, collected.untaken
        tracked.recorded = int(recorded.max())
        if newest is not None and tracked.seen != before and not tracked.numbers:
            tracked.known, tracked.step = tracked.seen, newest(tracked)
        taken = untaken & (tracked.step is not None and self._wanted())
        stride = self._budget.stride(self._writer.size)
        every = self.every * tracked.pace.record
        if ((recorded[DUE] - 1) // every) % stride:
            taken[DUE] = False
        if newest is not None and stride > 1 and tracked.seen - tracked.tripped < stride * every:
            taken[TRIPPED] = False  # it waits for its turn, or for the end
        if (taken != untaken).any():
            # The facts of a record that is not wanted (`tf.summary.record_if`) go into the next one.
            observer.leave(untaken & ~taken)
        for slot in sorted(np.flatnonzero(taken), key=lambda slot: int(recorded[slot])):
            matrix = observer.record(collected, int(slot))
            self._write_record(tracked, matrix, tracked.step_of(int(recorded[slot])))
        observer.settle(collected, before)
        if taken[TRIPPED]:
            tracked.tripped = tracked.seen
            self._write_steps(tracked)
            self._writer.flush()
        return tracked.seen != before

    def _write_record(self, tracked: Tracked[ObserverT], values: Any, step: int) -> None:
        self._writer.record(tracked.table, values, step)
        self._last_record_step = step
        urgent = bool(np.nansum(values[:, FAULTS]) > 0)
        record = Record(step, time.time(), tracked.table, values)
        self._write_counts(self._verdict.observe(record, urgent), step)
        if urgent:
            self._writer.flush()
        else:
            self._writer.flush_if_old()

    def _write_counts(self, counts: Mapping[str, int], step: int) -> None:
        for tag, count in counts.items():
            self._writer.scalar(tag, count, step)

    def _write_epoch(self) -> None:
        """Write the newest epoch, unless it is written."""
        called = [tracked for tracked in self._tracked.values() if tracked.seen]
        if self._epoch is None or not called:
            return
        (values, step), self._epoch = self._epoch, None
        table = max(called, key=lambda tracked: tracked.calls_before + tracked.seen).table
        self._writer.epoch(table, values, step)
        self._verdict.observe_epoch(Epoch(step, time.time(), table, values))
        self._writer.flush_if_old()

    def _write_steps(self, tracked: Tracked[ObserverT]) -> None:
        """Write the flight recorder's steps that are not written yet."""
        steps, numbers = tracked.observer.steps_since(tracked.steps_written)
        if steps.size:
            last = tracked.steps_written = int(numbers[-1])
            step, gaps = tracked.step_of(last), last - numbers
            ago = gaps if gaps[0] >= len(gaps) else None
            self._writer.steps(tracked.table, steps, step, ago)
            self._verdict.observe_steps(Steps(step, time.time(), tracked.table, steps, ago))

    def _write_tail(self, tracked: Tracked[ObserverT]) -> None:
        if not self._wanted():
            return
        since = tracked.recorded
        steps, numbers = tracked.observer.steps_since(since)
        self._write_steps(tracked)
        bad = ~np.isfinite(steps)
        if bad.any():
            values = np.full([len(tracked.table.rows), len(COLUMNS)], np.nan, np.float32)
            watched = list(tracked.table.watched)
            values[watched, COLUMNS.index("bad_steps")] = bad.sum(axis=0)
            first = np.where(bad.any(axis=0), tracked.seen - numbers[bad.argmax(axis=0)], np.nan)
            values[watched, COLUMNS.index("bad_ago")] = first
            self._write_record(tracked, values, tracked.step_of(tracked.seen))


def _number(value: Any) -> float | None:
    """A tensor of one element, NumPy's or Python's number as Python's; None for anything else."""
    try:
        return None if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return None


def checked_setting(name: str, value: Any) -> Setting:
    """A setting as it is written: NumPy's numbers and tensors of one element as Python's.

    Raises:
        TypeError: it is not a text, a number, a bool or None.
    """
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.generic, np.ndarray)) and value.size == 1:
        value = value.item()
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"settings: {name} is a {type(value).__name__}: write a text, a number, a bool or None")


def checked_every(every: Any) -> int:
    """``every`` as a whole number.

    Raises:
        ValueError: it is not a whole number of at least 1.
    """
    if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
        raise ValueError(f"every={every!r}: write a whole number of steps, 1 for a record in each step")
    return int(every)
