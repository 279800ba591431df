"""The part of a recorder outside the training step, for every framework: when to collect, what to write."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from tb_gradhealth.capture.freed_memory import return_freed_memory
from tb_gradhealth.capture.guard import Guard
from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED, ObserverT, Tracked
from tb_gradhealth.capture.writing.event_file import OpenFile
from tb_gradhealth.capture.writing.run_writer import RunWriter
from tb_gradhealth.capture.writing.size_budget import SizeBudget
from tb_gradhealth.capture.writing.termination import register, unregister
from tb_gradhealth.capture.writing.time_budget import EVERY_STEP, TimeBudget
from tb_gradhealth.capture.writing.verdict import RunVerdict
from tb_gradhealth.record import COLUMNS, Epoch, Record, Setting, Steps

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

DEFAULT_NAME: Final = "gradhealth"
FAULTS: Final = [COLUMNS.index(name) for name in ("nan_count", "inf_count", "bad_steps")]

Self = TypeVar("Self", bound="RunRecorder[Any]")


class RunRecorder(Generic[ObserverT]):
    """Collects the records of a run's observers and writes them within the budgets.

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
        guard: Guard,
        open_file: OpenFile,
        is_recording: Callable[[], bool],
    ) -> None:
        """Begin a run; the file is created with the first record.

        Args:
            log_dir: the run's directory.
            every: steps from one record to the next.
            name: distinguishes recorders that write into one run.
            settings: of the row tables.
            budget: mebibytes that may be written.
            overhead: share of the training's time that recording may take, None for no limit.
            rules: the rules of `findings`; the default rules where None.
            guard: acts on the findings.
            open_file: creates a file.
            is_recording: returns whether records are to be written at the time of the call.

        Raises:
            ValueError: ``every``, ``budget`` or ``overhead`` is out of its range.
        """
        self.every = checked_every(every)
        self._stream = "" if name == DEFAULT_NAME else name
        self._settings = {"every": self.every, **settings}
        self._budget = SizeBudget(budget)
        self._time = TimeBudget(overhead, self.every)
        self._can_thin = overhead is not None
        self._last_end: float | None = None
        self._tracked: dict[object, Tracked[ObserverT]] = {}
        self._is_recording = is_recording
        self._writer = RunWriter(log_dir, open_file)
        self._guard = guard
        self._verdict = RunVerdict(rules, guard)
        self._steps = 0
        self._numbered = 0
        self._unnumbered: list[Tracked[ObserverT]] = []
        self._next_collection = 0
        self._last_step: int | None = None
        self._last_record_step = 0
        self._is_memory_returned = False
        # The newest epoch unless it is written, and the number of epochs.
        self._epoch: tuple[dict[str, float], int] | None = None
        self._epochs = 0
        self._closed = False
        register(self)

    @property
    def is_open(self) -> bool:
        """Whether steps that are observed now can still be written."""
        return not self._closed and not self._writer.failed

    @property
    def stopped_by(self) -> "Finding | None":
        """The finding because of which the training has to stop; None as long as it goes on."""
        return self._guard.stopped_by

    def raise_if_unhealthy(self) -> None:
        """Raise if a finding stops the training; later calls do nothing.

        Raises:
            TrainingUnhealthy: a finding stops the training.
        """
        self._guard.raise_once()

    def track(self, key: object, observer: ObserverT, settings: Mapping[str, Setting]) -> Tracked[ObserverT]:
        """Collect the records of one more observer from now on."""
        settings = {**settings, **self._settings}
        table = observer.table(self._stream, settings)
        training_steps: deque[int] = deque(maxlen=2 * self.every)
        tracked = Tracked(observer, table, self._steps, training_steps=training_steps, settings=settings)
        self._tracked[key] = tracked
        self._next_collection = 0
        return tracked

    def step_observed(self, tracked: Tracked[ObserverT], traced: bool) -> None:
        """Note that an observer was called; ``traced`` if the call only traced a function that runs later."""
        if traced:
            tracked.is_traced = True
            tracked.training_steps.clear()
        if not tracked.is_traced:
            self._unnumbered.append(tracked)

    def write(self, step: Any) -> None:
        """Write the pending records; call it after each step, or after several steps with the last's number.

        It costs next to nothing where no record is scheduled.

        Args:
            step: the training step that was just observed, 0 for the first.
        """
        last = int(step)
        steps = 1 if self._last_step is None or last <= self._last_step else last - self._last_step
        self._last_step = last
        self._number_steps(last, steps)
        self._advance(steps, lambda tracked: last)

    def write_counted(self, first_step: int, steps: int) -> None:
        """Like `write`, where only the first training step and a bound on the steps since then are known.

        Args:
            first_step: training step of the first step that this recorder observed.
            steps: the largest possible number of steps since the last call.
        """
        self._number_steps(first_step + self._numbered + len(self._unnumbered) - 1, len(self._unnumbered))
        self._advance(steps, lambda tracked: first_step + tracked.steps_before + tracked.step_count - 1)

    def write_epoch(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Write the values of an epoch: its mean loss, its metrics, those of the validation.

        Call it after the epoch's last `write`. An epoch counts towards the budget like a record, so epochs
        may be left out; the last one is written at the end in any case.

        Args:
            values: numbers by name, as `fit` names them: ``loss``, ``accuracy``, ``val_loss``...; values that
                are no numbers are left out.
            step: training step of the epoch's last step; by default that of the last `write`.
        """
        if not self.is_open or not self._is_recording():
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
        """Like `write_epoch`, where only the first training step is known."""
        self.write_epoch(values, first_step + self.observed() - 1)

    def observed(self) -> int:
        """The number of steps observed so far."""
        return max((t.steps_before + t.observer.count() for t in self._tracked.values()), default=0)

    def findings(self) -> Sequence["Finding"]:
        """The findings in the records so far."""
        return self._verdict.findings()

    def time_before(self, step: int) -> float:
        """When the last record before a step was written, seconds since the epoch; 0 without one."""
        return self._verdict.time_before(step)

    def flush(self) -> None:
        """Make everything written so far readable."""
        self._writer.flush()

    def close(self) -> None:
        """Write the steps after the last record, and close the file.

        Of these steps only the step statistics are known. If one of them was not finite, a last record is
        written: it has the columns since the last record and NaN in all others.
        """
        if self._closed:
            return
        self._closed = True
        for tracked in self._tracked.values():
            self._collect(tracked, None)
            if tracked.known_step is not None:
                self._write_remaining_steps(tracked)
        self._write_epoch()
        self._write_counts(self._verdict.conclude(may_stop=False), self._last_record_step)
        self._writer.close()
        # A user may keep the recorder for its findings; the observers are released.
        self._tracked.clear()
        self._unnumbered.clear()
        unregister(self)

    def abandon(self) -> None:
        """Never write again: this process is a forked copy of the one that writes."""
        self._closed = True

    def __del__(self) -> None:
        # The recorder of a loop that ended in an exception.
        if not getattr(self, "_closed", True):
            self.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _number_steps(self, last: int, steps: int) -> None:
        """Assign training steps to the steps since the last call; sets of tensors may alternate.

        Args:
            last: the newest training step.
            steps: the number of steps. If it differs from the number of observations, every set of tensors
                is assumed to be observed in every step.
        """
        if not self._unnumbered:  # as after each step of a traced function
            return
        observed = [tracked for tracked in self._unnumbered if not tracked.is_traced]
        self._unnumbered = []
        self._numbered += len(observed)
        if len(observed) == 1:  # as in almost every step
            observed[0].known_step = last
            observed[0].known_number += 1
            observed[0].training_steps.append(last)
            return
        alternate = len(observed) == steps
        remaining = Counter(map(id, observed))
        for count, tracked in enumerate(observed, start=1):
            remaining[id(tracked)] -= 1
            tracked.known_step = last - (len(observed) - count if alternate else remaining[id(tracked)])
            tracked.known_number += 1
            tracked.training_steps.append(tracked.known_step)

    def _advance(self, steps: int, newest: Callable[[Tracked[ObserverT]], int]) -> None:
        """Collect records where they are scheduled, and adjust the pace.

        Args:
            steps: steps since the last call.
            newest: returns the training step of an observer's newest step.
        """
        self._steps += steps
        if not self.is_open:
            return
        scheduled = self._steps >= self._next_collection
        if self._writer.size and not self._is_memory_returned:
            self._is_memory_returned = True
            return_freed_memory()  # after the first record everything is traced
        self._collect_where_scheduled(scheduled, newest)
        self._adjust_pace(steps, scheduled)

    def _adjust_pace(self, steps: int, scheduled: bool) -> None:
        """Time the steps with the work after them, and set the pace that the time budget allows."""
        begin, self._last_end = self._last_end, time.perf_counter()
        if not self._can_thin or begin is None or len(self._tracked) != 1:
            return  # with several sets of tensors it is unknown which of them a step belongs to
        (tracked,) = self._tracked.values()
        if not tracked.observer.can_thin:
            return
        before_record = self._steps + 1 == self._next_collection
        pace = self._time.add(self._last_end - begin, steps, scheduled, before_record)
        if pace is None:
            return
        tracked.observer.set_pace(pace.watch, pace.record)
        if self._time.pace != tracked.pace:
            tracked.pace, self._next_collection = self._time.pace, 0
            thinned = {"watched_every": tracked.pace.watch, "every": self.every * tracked.pace.record}
            settings = tracked.settings if tracked.pace == EVERY_STEP else {**tracked.settings, **thinned}
            tracked.table = tracked.observer.table(self._stream, settings)

    def _collect_where_scheduled(self, scheduled: bool, newest: Callable[[Tracked[ObserverT]], int]) -> None:
        if not scheduled:
            # Judging is done here, since a step with a record is the longest already.
            self._write_counts(self._verdict.judge(), self._last_record_step)
            self._writer.flush_if_old()
            return
        # An observer that is no longer called does not determine the next collection.
        called = [tracked for tracked in self._tracked.values() if self._collect(tracked, newest)]
        cadences = [(tracked, self.every * tracked.pace.record) for tracked in called]
        waits = [every - (tracked.step_count - 1) % every for tracked, every in cadences]
        self._next_collection = self._steps + min(waits, default=1)

    def _collect(
        self, tracked: Tracked[ObserverT], newest: Callable[[Tracked[ObserverT]], int] | None
    ) -> bool:
        """Read an observer's state and write its pending records; return whether it has new steps.

        Args:
            tracked: the observer.
            newest: returns the training step of its newest step, None at the end.
        """
        observer = tracked.observer
        previous_count = tracked.step_count
        collected = observer.collect()
        tracked.step_count, numbers = collected.step_count, collected.record_numbers
        pending = collected.pending
        tracked.last_record = int(numbers.max())
        if newest is not None and tracked.step_count != previous_count and not tracked.training_steps:
            tracked.known_number, tracked.known_step = tracked.step_count, newest(tracked)
        written = pending & (tracked.known_step is not None and self._is_recording())
        stride = self._budget.stride(self._writer.size)
        every = self.every * tracked.pace.record
        if ((numbers[SCHEDULED] - 1) // every) % stride:
            written[SCHEDULED] = False
        if newest is not None and stride > 1 and tracked.step_count - tracked.last_trip < stride * every:
            written[TRIPPED] = False  # it is written later, at the latest at the end
        if (written != pending).any():
            # The facts of a record that is not written (`tf.summary.record_if`) go into the next one.
            observer.restore_pending(pending & ~written)
        for slot in sorted(np.flatnonzero(written), key=lambda slot: int(numbers[slot])):
            matrix = observer.record(collected, int(slot))
            self._write_record(tracked, matrix, tracked.training_step(int(numbers[slot])))
        observer.adapt(collected, previous_count)
        if written[TRIPPED]:
            tracked.last_trip = tracked.step_count
            self._write_steps(tracked)
            self._writer.flush()
        return tracked.step_count != previous_count

    def _write_record(self, tracked: Tracked[ObserverT], values: Any, step: int) -> None:
        self._writer.record(tracked.table, values, step)
        self._last_record_step = step
        faulty = has_faults(values)
        record = Record(step, time.time(), tracked.table, values)
        self._write_counts(self._verdict.observe(record, faulty), step)
        if faulty:
            self._writer.flush()
        else:
            self._writer.flush_if_old()

    def _write_counts(self, counts: Mapping[str, int], step: int) -> None:
        for tag, count in counts.items():
            self._writer.scalar(tag, count, step)

    def _write_epoch(self) -> None:
        """Write the newest epoch, unless it is written."""
        called = [tracked for tracked in self._tracked.values() if tracked.step_count]
        if self._epoch is None or not called:
            return
        (values, step), self._epoch = self._epoch, None
        table = max(called, key=lambda tracked: tracked.steps_before + tracked.step_count).table
        self._writer.epoch(table, values, step)
        self._verdict.observe_epoch(Epoch(step, time.time(), table, values))
        self._writer.flush_if_old()

    def _write_steps(self, tracked: Tracked[ObserverT]) -> None:
        """Write the flight recorder's steps that are not written yet."""
        steps, numbers = tracked.observer.steps_since(tracked.steps_written)
        if steps.size:
            last = tracked.steps_written = int(numbers[-1])
            step, gaps = tracked.training_step(last), last - numbers
            ago = gaps if gaps[0] >= len(gaps) else None
            self._writer.steps(tracked.table, steps, step, ago)
            self._verdict.observe_steps(Steps(step, time.time(), tracked.table, steps, ago))

    def _write_remaining_steps(self, tracked: Tracked[ObserverT]) -> None:
        if not self._is_recording():
            return
        steps, numbers = tracked.observer.steps_since(tracked.last_record)
        self._write_steps(tracked)
        bad = ~np.isfinite(steps)
        if bad.any():
            values = np.full([len(tracked.table.rows), len(COLUMNS)], np.nan, np.float32)
            watched = list(tracked.table.watched)
            values[watched, COLUMNS.index("bad_steps")] = bad.sum(axis=0)
            first = np.where(bad.any(axis=0), tracked.step_count - numbers[bad.argmax(axis=0)], np.nan)
            values[watched, COLUMNS.index("bad_ago")] = first
            self._write_record(tracked, values, tracked.training_step(tracked.step_count))


def has_faults(values: Any) -> bool:
    """Whether a record, float32 [rows, columns], has an element, or a step before it, that is not finite."""
    return bool(np.nansum(values[:, FAULTS]) > 0)


def _number(value: Any) -> float | None:
    """A number or one-element tensor as a float; None for anything else."""
    try:
        return None if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return None


def checked_setting(name: str, value: Any) -> Setting:
    """A setting as it is written: NumPy's numbers and one-element tensors as Python's numbers.

    Raises:
        TypeError: the value is not a text, a number, a bool or None.
    """
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.generic, np.ndarray)) and value.size == 1:
        value = value.item()
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"settings: {name} is a {type(value).__name__}: write a text, a number, a bool or None")


def checked_every(every: Any) -> int:
    """``every`` as an int.

    Raises:
        ValueError: ``every`` is not a whole number of at least 1.
    """
    if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
        raise ValueError(f"every={every!r}: write a whole number of steps, 1 for a record in each step")
    return int(every)
