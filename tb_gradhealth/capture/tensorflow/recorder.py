"""`Recorder`: statistics taken inside the training step, written outside it."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.handed_over import DUE, TRIPPED
from tb_gradhealth.capture.tensorflow.interruption import closed, opened
from tb_gradhealth.capture.tensorflow.network.activations import Activations
from tb_gradhealth.capture.tensorflow.network.selection import Selection, in_pairs, select
from tb_gradhealth.capture.tensorflow.network.settings import (
    numbers_of_training,
    optimizer_calls,
    optimizer_settings,
)
from tb_gradhealth.capture.tensorflow.network.targets import Targets
from tb_gradhealth.capture.tensorflow.network.updates import Updates, checked_updates
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.watching.replicas import replica, replicas, whole_batch
from tb_gradhealth.capture.tensorflow.writing.budget import Budget
from tb_gradhealth.capture.tensorflow.writing.time_budget import EVERY_STEP, Pace, TimeBudget
from tb_gradhealth.capture.tensorflow.writing.verdict import RunVerdict
from tb_gradhealth.capture.tensorflow.writing.writer import RunWriter, wanted
from tb_gradhealth.record import COLUMNS, Epoch, Record, RowTable, Setting, Steps

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

DEFAULT_NAME: Final = "gradhealth"
FAULTS: Final = [COLUMNS.index(name) for name in ("nan_count", "inf_count", "bad_steps")]


@dataclass
class _Tracked:
    """An observer, the table of its rows, and how far the host has followed it.

    Attributes:
        calls_before: steps that the recorder saw before this observer's first.
        seen: the observer's steps at the last look.
        told: the step, so counted, up to which the flight recorder's lines are written.
        known: one of its steps whose number in the training is known.
        step: that number, None before the first.
        numbers: those of its last steps, as far as Python saw each of them and not only the first, traced.
        traced: whether it did not.
        tripped: the step, so counted, of the last record out of turn that was written.
        settings: of the table, as they are where every step is looked at.
        pace: how often is looked.
    """

    observer: Observer
    table: RowTable
    calls_before: int
    seen: int = 0
    told: int = 0
    known: int = 0
    step: int | None = None
    numbers: deque[int] = field(default_factory=deque)
    traced: bool = False
    tripped: int = 0
    settings: Mapping[str, Setting] = field(default_factory=dict)
    pace: Pace = EVERY_STEP

    def step_of(self, count: int) -> int:
        """The number in the training of the observer's step so counted."""
        ago = self.known - count
        if 0 <= ago < len(self.numbers):
            return self.numbers[-1 - ago]
        return (self.step or 0) - ago


class Recorder:
    """Watches a training loop, compiled or not, and writes ``<log_dir>/gradhealth``.

    Example::

        recorder = gradhealth.Recorder(log_dir)

        @tf.function(jit_compile=True)
        def train_step(x, y):
            with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                loss = loss_fn(y, model(x, training=True))
            variables = model.trainable_variables
            grads = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(grads, variables))
            recorder.observe(zip(grads, variables), activations=activations, loss=loss)

        with recorder:
            for step, (x, y) in enumerate(batches):
                train_step(x, y)
                recorder.write(step)

    `observe` looks at every tensor in every step, cheaply; in the first step and each ``every``-th after it,
    thoroughly, and also in a step where something is not finite or many times its usual size. It keeps
    what it finds in variables, among them one copy of the measured weights, of large ones a sample, for their
    true updates, and one number per tensor for each of the last steps. `write` reads them only when a record
    is due. What is left is written when the recorder is closed or goes out of use, and at the latest when
    Python ends or the process is told to (SIGTERM). A process forked off it writes nothing.

    Under a `tf.distribute` strategy `observe` belongs into the replicas' step, all of which must call it. Its
    gradients and loss are then added up over the replicas, as the optimizer does it, which costs one more
    exchange of the gradients; weights and activations are the first replica's, and it alone writes.

    Attributes:
        every: steps from one record to the next.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next.
        name: tells recorders apart that write into one run, e.g. a generator's and a discriminator's.
        optimizer: the Keras optimizer, if its settings may help to judge the numbers.
        settings: further settings for the row table.
        budget: mebibytes that may be written. As they are used up, records are written more seldom: half
            as often when half is used, a quarter as often at three quarters, and so on.
        overhead: share of the training's time that watching may take, None for no limit. It is measured:
            where looking at every step would take more, one in 2, 4, ... up to 64 is looked at, and where
            records would, they are made half as often, and so on. A loss that is not finite is looked at in
            any case. The row table says so.
        updates: how the change of the weights in a step is measured: ``"exact"`` keeps a copy of all of them,
            ``"sampled"`` 65,536 elements of each larger tensor, evenly spread (their RMS is then known to
            0.3 %, standard error, where steps are normally distributed), ``"none"`` nothing. By default
            tensors of more than 2^20 elements are sampled. Each row says what its numbers are of.
        rules: how `findings` judges, from `tb_gradhealth.rules.load`; the default rules where None.
    """

    def __init__(
        self,
        log_dir: str | PathLike[str],
        *,
        every: int = 10,
        name: str = DEFAULT_NAME,
        optimizer: Any = None,
        settings: Mapping[str, str | float | bool | None] | None = None,
        budget: float = 256,
        overhead: float | None = 0.02,
        updates: Updates | None = None,
        rules: "RuleSet | None" = None,
    ) -> None:
        self.every = checked_every(every)
        self._stream = "" if name == DEFAULT_NAME else name
        self._settings: dict[str, Setting] = {
            "framework": "tensorflow",
            "every": self.every,
            **optimizer_settings(optimizer),
            **{setting: checked_setting(setting, value) for setting, value in (settings or {}).items()},
        }
        self._optimizer = optimizer
        self._optimizer_calls = optimizer_calls(optimizer)
        self._budget = Budget(budget)
        self._updates = checked_updates(updates)
        self._time = TimeBudget(overhead, self.every)
        self._thins = overhead is not None
        self._written: float | None = None
        self._tracked: dict[object, _Tracked] = {}
        self._writer = RunWriter(log_dir)
        self._verdict = RunVerdict(rules)
        self._calls = 0
        self._followed = 0
        self._fresh: list[_Tracked] = []
        self._next_check = 0
        self._last_step: int | None = None
        self._last_record_step = 0
        # The newest epoch that is not written, and how many there were.
        self._epoch: tuple[dict[str, float], int] | None = None
        self._epochs = 0
        self._closed = False
        opened(self)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def observe(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        *,
        weights: Iterable[Any] | None = None,
        activations: Activations | Mapping[str, Any] | None = None,
        loss: Any = None,
        clipped: Iterable[Any] | None = None,
        training: Mapping[str, Any] | None = None,
        inputs: Any = None,
        targets: Any = None,
        constant: Sequence[Targets] = (),
    ) -> None:
        """Take in this step's tensors; call it once a step, inside it, before or after the update.

        Args:
            grads_and_vars: pairs of gradient and variable, as for ``optimizer.apply_gradients``.
            weights: the variables to measure, with their updates; by default those of ``grads_and_vars``.
            activations: from `capture`, or a mapping of names to tensors.
            loss: this batch's loss; several by name, ``{"d_loss": ..., "g_loss": ...}``.
            clipped: the gradients after clipping, in the order of ``grads_and_vars``, which then are those
                before it.
            training: numbers of the training itself, by name; by default the learning rate and the loss
                scale of the recorder's optimizer.
            inputs: what the model was given, a tensor or several by name; by default what `capture` saw.
            targets: what it should answer, likewise.
            constant: what a compiled loss asks of them, from which follows what the best constant prediction
                reaches; `KerasCallback` knows it.

        Raises:
            ValueError: gradients do not come in pairs with their variables or do not fit them, there are
                more or fewer clipped gradients than gradients, or there is nothing to watch.
        """
        selection = self.selected(
            grads_and_vars,
            weights=weights,
            activations=activations,
            loss=loss,
            clipped=clipped,
            training=training,
            inputs=inputs,
            targets=targets,
            constant=constant,
        )
        if selection is not None:
            self.observe_selected(selection)

    def selected(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        *,
        weights: Iterable[Any] | None,
        activations: Activations | Mapping[str, Any] | None,
        loss: Any,
        clipped: Iterable[Any] | None,
        training: Mapping[str, Any] | None,
        inputs: Any,
        targets: Any,
        constant: Sequence[Targets],
    ) -> Selection | None:
        """What `observe` makes of its arguments; None where nothing is to be observed."""
        if self._closed or self._writer.failed:
            return None
        pairs, spread = in_pairs(grads_and_vars), None
        if replicas() > 1:
            pairs, clipped, loss, spread = whole_batch("Recorder.observe", pairs, clipped, loss)
            if replica() > 0:
                return None  # the first one speaks for all
        if training is None:
            training = numbers_of_training(self._optimizer)
        lag = int(self._settings.get("gradient_accumulation_steps") or 1)
        phase = self._optimizer_calls % lag
        return select(
            pairs,
            weights,
            activations,
            loss,
            clipped,
            training,
            lag,
            spread,
            phase,
            inputs,
            targets,
            constant,
            self._updates,
        )

    def observe_selected(self, selection: Selection) -> None:
        """Take in a step's tensors that `selected` has chosen."""
        tracked = self._tracked.get(selection.key)
        if tracked is None:
            observer = Observer(selection, self.every, self._thins)
            settings = {**selection.settings, **self._settings}
            numbers: deque[int] = deque(maxlen=2 * self.every)
            table = observer.table(self._stream, settings)
            tracked = _Tracked(observer, table, self._calls, numbers=numbers, settings=settings)
            self._tracked[selection.key] = tracked
            self._next_check = 0
        tracked.observer(selection)
        if not tf.executing_eagerly():
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
        if not tf.executing_eagerly():
            raise RuntimeError(
                "Recorder.write writes a file and cannot run inside a tf.function: "
                "call recorder.write(step) after the step, outside the function"
            )
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
        if self._closed or self._writer.failed or not wanted():
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
        return max((t.calls_before + int(t.observer.seen.numpy()) for t in self._tracked.values()), default=0)

    def findings(self) -> Sequence["Finding"]:
        """What the rules find in the records so far."""
        return self._verdict.findings()

    def flush(self) -> None:
        """Make all that was written readable now."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is known of the steps after the last record, and close the file.

        Their full statistics are not known, but the flight recorder's lines are. If one of them was not
        finite, a last record says so: it has the sticky columns and NaN in all others.
        """
        if self._closed:
            return
        self._closed = True
        with tf.init_scope():  # a signal may come while a function is being traced
            for tracked in self._tracked.values():
                self._look(tracked, None)
                if tracked.step is not None:
                    self._write_tail(tracked)
        self._write_epoch()
        self._write_counts(self._verdict.scalars(), self._last_record_step)
        self._writer.close()
        # It may be kept for its findings; variables and models are not kept with it.
        self._tracked.clear()
        self._fresh.clear()
        self._optimizer = None
        closed(self)

    def disown(self) -> None:
        """Leave it to the process that this one was forked from."""
        self._closed = True

    def __del__(self) -> None:
        # A loop that ended in an exception, and nobody holds it any more.
        if not getattr(self, "_closed", True):
            self.close()

    def __enter__(self) -> "Recorder":
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
        for place, tracked in enumerate(fresh, start=1):
            to_come[id(tracked)] -= 1
            tracked.step = last - (len(fresh) - place if in_turns else to_come[id(tracked)])
            tracked.known += 1
            tracked.numbers.append(tracked.step)

    def _advance(self, calls: int, newest: Callable[[_Tracked], int]) -> None:
        """Look where it is time to, and find out how often there is time for it.

        Args:
            calls: steps since the last call.
            newest: the number in the training of an observer's newest step.
        """
        self._calls += calls
        if self._closed or self._writer.failed:
            return
        due = self._calls >= self._next_check
        self._look_where_due(due, newest)
        self._keep_time(calls, due)

    def _keep_time(self, calls: int, due: bool) -> None:
        """Time the steps, with what was done after them, and look as often as there is time for."""
        begin, self._written = self._written, time.perf_counter()
        if not self._thins or begin is None or len(self._tracked) != 1:
            return  # of several sets of tensors nobody knows which step was whose
        (tracked,) = self._tracked.values()
        if not tracked.observer.thins:
            return
        before = self._calls + 1 == self._next_check
        pace = self._time.follow(self._written - begin, calls, due, before)
        if pace is None:
            return
        tracked.observer.set_pace(pace.look, pace.record)
        if self._time.pace != tracked.pace:
            tracked.pace, self._next_check = self._time.pace, 0
            thinned = {"watched_every": tracked.pace.look, "every": self.every * tracked.pace.record}
            settings = tracked.settings if tracked.pace == EVERY_STEP else {**tracked.settings, **thinned}
            tracked.table = tracked.observer.table(self._stream, settings)

    def _look_where_due(self, due: bool, newest: Callable[[_Tracked], int]) -> None:
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

    def _look(self, tracked: _Tracked, newest: Callable[[_Tracked], int] | None) -> bool:
        """Write the records that nobody has read yet; whether there were new steps.

        Args:
            tracked: what to look at.
            newest: the number in the training of its newest step, None where that is not known anew.
        """
        observer = tracked.observer
        before = tracked.seen
        collected = observer.collect()
        tracked.seen, recorded, untaken = collected.seen, collected.recorded, collected.untaken
        if newest is not None and tracked.seen != before and not tracked.numbers:
            tracked.known, tracked.step = tracked.seen, newest(tracked)
        taken = untaken & (tracked.step is not None and wanted())
        stride = self._budget.stride(self._writer.size)
        every = self.every * tracked.pace.record
        if ((recorded[DUE] - 1) // every) % stride:
            taken[DUE] = False
        if newest is not None and stride > 1 and tracked.seen - tracked.tripped < stride * every:
            taken[TRIPPED] = False  # it waits for its turn, or for the end
        if (taken != untaken).any():
            # The facts of a record that is not wanted (`tf.summary.record_if`) go into the next one.
            observer.leave(untaken & ~taken)
        for place in sorted(np.flatnonzero(taken), key=lambda place: int(recorded[place])):
            matrix = observer.record(collected, int(place))
            self._write_record(tracked, matrix, tracked.step_of(int(recorded[place])))
        observer.settle(collected, before)
        if taken[TRIPPED]:
            tracked.tripped = tracked.seen
            self._write_lines(tracked)
            self._writer.flush()
        return tracked.seen != before

    def _write_record(self, tracked: _Tracked, values: Any, step: int) -> None:
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

    def _write_lines(self, tracked: _Tracked) -> None:
        """Write the flight recorder's lines that are not written yet."""
        lines, numbers = tracked.observer.ring.since(tracked.told)
        if lines.size:
            last = tracked.told = int(numbers[-1])
            step, gaps = tracked.step_of(last), last - numbers
            ago = gaps if gaps[0] >= len(gaps) else None
            self._writer.steps(tracked.table, lines, step, ago)
            self._verdict.observe_steps(Steps(step, time.time(), tracked.table, lines, ago))

    def _write_tail(self, tracked: _Tracked) -> None:
        if not wanted():
            return
        since = int(tracked.observer.recorded.numpy().max())
        lines, numbers = tracked.observer.ring.since(since)
        self._write_lines(tracked)
        bad = ~np.isfinite(lines)
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
