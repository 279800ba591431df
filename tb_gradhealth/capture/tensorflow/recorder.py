"""`Recorder`: statistics taken inside the training step, written outside it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.activations import Activations
from tb_gradhealth.capture.tensorflow.observer import STICKY_COLUMNS, Observer
from tb_gradhealth.capture.tensorflow.selection import select
from tb_gradhealth.capture.tensorflow.settings import optimizer_settings
from tb_gradhealth.capture.tensorflow.sticky import STICKY
from tb_gradhealth.capture.tensorflow.verdict import RunVerdict
from tb_gradhealth.capture.tensorflow.writer import RunWriter
from tb_gradhealth.record import COLUMNS, Record, RowTable

if TYPE_CHECKING:
    from tb_gradhealth.health.findings import Finding

DEFAULT_NAME: Final = "gradhealth"
NON_FINITE: Final = [COLUMNS.index(name) for name in ("nan_count", "inf_count", "bad_steps")]


@dataclass
class _Tracked:
    """An observer, the table of its rows, and how far the host has followed it."""

    observer: Observer
    table: RowTable
    calls_before: int
    seen: int = 0


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
    thoroughly. It keeps what it finds in variables, among them one copy of the measured weights (for
    their true updates). `write` reads them only when a record is due.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next.
        name: tells recorders apart that write into one run, e.g. a generator's and a discriminator's.
        optimizer: the Keras optimizer, if its settings may help to judge the numbers.
        settings: further settings for the row table.
    """

    def __init__(
        self,
        log_dir: str | PathLike[str],
        *,
        every: int = 10,
        name: str = DEFAULT_NAME,
        optimizer: Any = None,
        settings: Mapping[str, str | float | bool | None] | None = None,
    ) -> None:
        self._every = checked_every(every)
        self._stream = "" if name == DEFAULT_NAME else name
        self._settings = {
            "framework": "tensorflow",
            "every": self._every,
            **optimizer_settings(optimizer),
            **(settings or {}),
        }
        self._tracked: dict[object, _Tracked] = {}
        self._writer = RunWriter(log_dir)
        self._verdict = RunVerdict()
        self._calls = 0
        self._next_check = 0
        self._last_step: int | None = None
        self._step_at: Callable[[_Tracked, int], int] | None = None
        self._last_record_step = 0
        self._closed = False

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def observe(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        *,
        weights: Iterable[Any] | None = None,
        activations: Activations | Mapping[str, Any] | None = None,
        loss: Any = None,
    ) -> None:
        """Take in this step's tensors; call it once a step, inside it, before or after the update.

        Args:
            grads_and_vars: pairs of gradient and variable, as for ``optimizer.apply_gradients``.
            weights: the variables to measure, with their updates; by default those of ``grads_and_vars``.
            activations: from `capture`, or a mapping of names to tensors.
            loss: this batch's loss.
        """
        if self._closed or self._writer.failed:
            return
        refuse_replicas("Recorder.observe")
        selection = select(grads_and_vars, weights, activations, loss)
        tracked = self._tracked.get(selection.key)
        if tracked is None:
            table = RowTable(selection.rows, stream=self._stream, settings=self._settings)
            tracked = _Tracked(Observer(selection, self._every), table, self._calls)
            self._tracked[selection.key] = tracked
            self._next_check = 0
        tracked.observer(selection)

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
        self._advance(calls, lambda tracked, recorded: last - (tracked.seen - recorded))

    def write_counted(self, first_step: int, calls: int) -> None:
        """Like `write`, for a loop that knows where it began but not how many steps really ran.

        Args:
            first_step: number of the first step that this recorder observed.
            calls: steps since the last call, at most.
        """
        self._advance(calls, lambda tracked, recorded: first_step + tracked.calls_before + recorded - 1)

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

        Their full statistics are not known. If one of them was not finite, a last record says so: it has the
        sticky columns and NaN in all others.
        """
        if self._closed:
            return
        self._closed = True
        for tracked in self._tracked.values():
            self._write_tail(tracked)
        for tag, count in self._verdict.scalars().items():
            self._writer.scalar(tag, count, self._last_record_step)
        self._writer.close()
        self._tracked.clear()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _advance(self, calls: int, step_at: Callable[[_Tracked, int], int]) -> None:
        self._calls += calls
        self._step_at = step_at
        if self._closed or self._writer.failed:
            return
        if self._calls < self._next_check:
            self._writer.flush_if_old()
            return
        waits = []
        for tracked in self._tracked.values():
            before, tracked.seen = tracked.seen, int(tracked.observer.seen.numpy())
            if tracked.seen != before:  # one that is no longer called is not waited for
                waits.append(self._every - (tracked.seen - 1) % self._every)
            if not tracked.observer.taken.numpy():
                recorded = int(tracked.observer.recorded.numpy())
                self._write_record(tracked, tracked.observer.matrix.numpy(), step_at(tracked, recorded))
        self._next_check = self._calls + min(waits, default=1)

    def _write_record(self, tracked: _Tracked, values: Any, step: int) -> None:
        if not self._writer.record(tracked.table, values, step):
            return  # not wanted now (`tf.summary.record_if`): its facts go into the next record
        tracked.observer.taken.assign(True)
        self._last_record_step = step
        urgent = bool(np.nansum(values[:, NON_FINITE]) > 0)
        record = Record(step, time.time(), tracked.table, values)
        for tag, count in self._verdict.observe(record, urgent).items():
            self._writer.scalar(tag, count, step)
        if urgent:
            self._writer.flush()
        else:
            self._writer.flush_if_old()

    def _write_tail(self, tracked: _Tracked) -> None:
        observer = tracked.observer
        tracked.seen = int(observer.seen.numpy())
        gap = tracked.seen - int(observer.recorded.numpy())
        since = observer.sticky.since(gap)
        if gap == 0 or self._step_at is None or not since[:, STICKY.index("bad_steps")].any():
            return
        values = np.full([len(tracked.table.rows), len(COLUMNS)], np.nan, np.float32)
        values[np.ix_(observer.watched, STICKY_COLUMNS)] = since
        self._write_record(tracked, values, self._step_at(tracked, tracked.seen))


def checked_every(every: Any) -> int:
    """``every`` as a whole number.

    Raises:
        ValueError: it is not a whole number of at least 1.
    """
    if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
        raise ValueError(f"every={every!r}: write a whole number of steps, 1 for a record in each step")
    return int(every)


def refuse_replicas(what: str) -> None:
    """Refuse to measure one replica of several as if it were the whole.

    Raises:
        NotImplementedError: under a distribution strategy with several replicas.
    """
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise NotImplementedError(
            f"{what} does not know distribution strategies with several replicas yet: "
            "leave it out of this training, or train on one device"
        )
