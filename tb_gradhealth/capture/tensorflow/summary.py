"""`summary`: writes records from a hand-written training step, like the user's own `tf.summary` calls."""

import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.summary_ops_v2 import _summary_state

from tb_gradhealth.capture.guard import PATIENCE, StopOn
from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, checked_every
from tb_gradhealth.capture.tensorflow.graph import is_compiled, state
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.observing.counters import Counter
from tb_gradhealth.capture.tensorflow.observing.replicas import replicas
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors, in_pairs, select
from tb_gradhealth.capture.tensorflow.selecting.settings import optimizer_settings, training_numbers
from tb_gradhealth.capture.tensorflow.summary_guard import OnFinding, SummaryGuard, guard_of
from tb_gradhealth.capture.updates import Updates, checked_updates
from tb_gradhealth.capture.writing.run_writer import OURS
from tb_gradhealth.record import encode_table, record_tag, steps_tag, table_tag

if TYPE_CHECKING:
    from tb_gradhealth.health import RuleSet

NO_STEP: Final = (
    "gradhealth.summary needs the training step: write gradhealth.summary(..., step=step), or call "
    "tf.summary.experimental.set_step(step) before it"
)
NO_WRITER: Final = (
    "gradhealth.summary wrote nothing, because no summary writer is active, as with every tf.summary call: "
    "put it below `with writer.as_default():`"
)
COMPILED: Final = """\
gradhealth.summary cannot run in a step compiled with jit_compile=True: XLA has no operation that writes \
summaries. Use a recorder, which writes outside the step:

    recorder = gradhealth.Recorder(log_dir)
    recorder.observe(zip(grads, variables), activations=activations, loss=loss)    # in the step
    recorder.write(step)                                                           # after it
"""
REPLICATED: Final = """\
gradhealth.summary cannot run under a distribution strategy with several replicas: no writer is active in \
them. Use a recorder, which writes outside the step:

    recorder = gradhealth.Recorder(log_dir)
    recorder.observe(zip(grads, variables), activations=activations, loss=loss)    # in the replicas' step
    recorder.write(step)                                                           # after it
"""


@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
def summary(
    grads_and_vars: Iterable[tuple[Any, Any]],
    *,
    weights: Iterable[Any] | None = None,
    activations: Activations | Mapping[str, Any] | None = None,
    loss: Any = None,
    clipped: Iterable[Any] | None = None,
    inputs: Any = None,
    targets: Any = None,
    step: Any = None,
    every: int = 10,
    name: str = DEFAULT_NAME,
    optimizer: Any = None,
    updates: Updates | None = None,
    rules: "RuleSet | None" = None,
    on_finding: OnFinding | None = None,
    stop_on: StopOn | None = None,
    stop_patience: int = PATIENCE,
) -> None:
    """Watch this step's tensors and, in the first and each ``every``-th call, write a record.

    It works in eager loops and in a `tf.function`. Like every `tf.summary` call it writes to the default
    writer, honours `tf.summary.record_if`, and does nothing if no writer is active, except for one warning.
    Between records it keeps the step statistics in hidden variables, one set for each ``name`` and set of
    tensors.

    Example::

        with writer.as_default():
            gradhealth.summary(zip(grads, variables), activations=activations, loss=loss, step=step)

    Args:
        grads_and_vars: pairs of gradient and variable, as for ``optimizer.apply_gradients``.
        weights: the variables to measure, with their updates; by default those of ``grads_and_vars``.
        activations: from `capture`, or a mapping of names to tensors.
        loss: this batch's loss, or several by name, ``{"d_loss": ..., "g_loss": ...}``.
        clipped: the gradients after clipping, in the order of ``grads_and_vars``, which has those before.
        inputs: the model's inputs, a tensor or several by name; by default those seen by `capture`.
        targets: the targets of the loss, a tensor or several by name.
        step: the training step, 0 for the first; by default `tf.summary.experimental.get_step`.
        every: calls from one record to the next.
        name: distinguishes several summaries in one run.
        optimizer: the Keras optimizer, for its settings and its learning rate.
        updates: how the updates of weights are measured, see `Recorder`.
        rules: the rules by which findings are judged here, from `tb_gradhealth.rules.load`; the default rules
            where None.
        on_finding: called with each new finding that is not muted, and again when its severity rises, within
            a step with a record; in a `tf.function` in a thread of TensorFlow. An exception in it becomes a
            warning.
        stop_on: ``"critical"`` or ``"warning"``: an eager `summary` raises `TrainingUnhealthy` when an open
            finding of this severity or worse persists. In a `tf.function` no exception can leave the step:
            call `raise_if_unhealthy` after it. None never stops the training.
        stop_patience: further records with a breach, while the finding stays open, before it stops the
            training, see `Recorder`. The findings are those of all records that go to the same writer from
            calls with ``stop_on`` or ``on_finding``.

    Raises:
        TrainingUnhealthy: in an eager loop, a finding stops the training; once.
        ValueError: no step is known, gradients do not come in pairs with their variables or do not fit
            them, there are more or fewer clipped gradients than gradients, there is nothing to watch,
            ``every`` is not a whole number of at least 1, ``updates`` is no valid choice, or ``stop_on`` or
            ``stop_patience`` is not valid or differs from that of another call with the same writer.
        RuntimeError: it is traced in a function with ``jit_compile=True``, or called under several replicas.
    """
    checked_every(every)
    checked_updates(updates)
    if is_compiled():
        raise RuntimeError(COMPILED)
    writer = _summary_state.writer
    if writer is None:
        _warn_no_writer()
        return
    if step is None:
        step = tf.summary.experimental.get_step()
    if step is None:
        raise ValueError(NO_STEP)
    if replicas() > 1:
        raise RuntimeError(REPLICATED)
    guard = guard_of(writer, rules, on_finding, stop_on, stop_patience)
    pairs = in_pairs(grads_and_vars)
    lag = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    training = training_numbers(optimizer)
    tensors = StepTensors(
        pairs,
        weights=weights,
        activations=activations,
        loss=loss,
        clipped=clipped,
        training=training,
        inputs=inputs,
        targets=targets,
    )
    selection = select(tensors, lag=lag, updates=updates)
    first_variable = pairs[0][1] if pairs else None
    state = _state(selection, first_variable, every, name, optimizer)
    state.write_table(writer)
    state.write(selection, step, guard)
    if guard is not None and tf.executing_eagerly():
        guard.raise_once()


class _State:
    """An observer, and the writers that have its row table."""

    def __init__(self, selection: Selection, every: int, name: str, optimizer: Any) -> None:
        with tf.init_scope():  # a learning rate has a value only outside the graph
            optional = {**selection.settings, **optimizer_settings(optimizer)}
            settings = {"framework": "tensorflow", "every": every, **optional}
        self._observer = Observer(selection, every)
        self._table = self._observer.table("" if name == DEFAULT_NAME else name, settings)
        with tf.init_scope():
            self._written_until = state(np.int64(0), "written_until")
        self._writers: weakref.WeakSet[Any] = weakref.WeakSet()

    def write_table(self, writer: Any) -> None:
        """Write the row table once to each writer, even while a function is only being traced."""
        if writer not in self._writers:
            with tf.init_scope(), writer.as_default(), tf.summary.record_if(True):
                content = tf.constant(encode_table(self._table))
                tf.summary.write(table_tag(self._table.id), content, step=0, metadata=OURS)
            self._writers.add(writer)

    def write(self, selection: Selection, step: Any, guard: SummaryGuard | None) -> None:
        """Observe a step and write its record, if any; an unwritten record's facts go into the next one.

        Args:
            selection: the tensors of the step.
            step: the training step.
            guard: judges what is written.
        """
        scheduled, tripped = self._observer(selection)
        step = tf.cast(step, tf.int64)

        def write() -> Any:
            slot = tf.where(scheduled, SCHEDULED, TRIPPED)
            matrix = self._matrix(slot, step, guard)
            written = self._write(record_tag, matrix, step)
            self._observer.counters.set((Counter.PENDING + slot, tf.cast(~written, tf.int64)))
            tf.cond(tripped, lambda: self._write_steps(step, guard), lambda: False)
            return written

        tf.cond(scheduled | tripped, write, lambda: tf.constant(False))

    def _matrix(self, slot: Any, step: Any, guard: SummaryGuard | None) -> Any:
        """The record as it is written, float32 [n]; the host computes its statistics."""
        observer = self._observer
        is_recording = tf.summary.should_record_summaries()
        steps, numbers = (
            observer.flight_recorder.steps.read_value(),
            observer.flight_recorder.numbers.read_value(),
        )
        number, payload, compiled = observer.record_in(slot)
        written, limits = tf.numpy_function(
            partial(self._on_host, guard),
            [is_recording, step, steps, numbers, number, payload, compiled],
            [tf.float32, tf.float32],
        )
        limits.set_shape(observer.flight_recorder.limits.shape)
        observer.flight_recorder.limits.assign(limits)
        return written

    def _on_host(
        self,
        guard: SummaryGuard | None,
        is_recording: Any,
        step: Any,
        steps: Any,
        numbers: Any,
        number: Any,
        payload: Any,
        compiled: Any,
    ) -> tuple[Any, Any]:
        """The record, empty unless ``is_recording``, and the new trip limits."""
        matrix = np.zeros([0], np.float32)
        if is_recording:
            matrix = self._observer.matrix(payload, compiled, steps, numbers, int(number))
            if guard is not None:
                guard.observe(self._table, matrix, int(step))
            matrix = matrix.reshape(-1)[self._table.written]
        return matrix, self._observer.update_limits(steps, numbers, int(number))

    def _write_steps(self, step: Any, guard: SummaryGuard | None) -> Any:
        steps = self._newest_steps()
        if guard is not None:

            def observe(values: Any, is_recording: Any, last_step: Any) -> Any:
                if is_recording:
                    guard.observe_steps(self._table, values, int(last_step))
                return values

            inputs = [steps, tf.summary.should_record_summaries(), step]
            steps = tf.ensure_shape(tf.numpy_function(observe, inputs, tf.float32), steps.shape)
        return self._write(steps_tag, steps, step)

    def _newest_steps(self) -> Any:
        """The flight recorder's steps that are not written yet, float32 [steps, rows]."""
        count = self._observer.counters.vector()[Counter.STEPS]
        steps = self._observer.flight_recorder.newest(count - self._written_until, count)
        self._written_until.assign(count)
        return steps

    def _write(self, tag: Callable[[str], str], values: Any, step: Any) -> Any:
        return tf.summary.write(tag(self._table.id), values, step=step, metadata=OURS)


_states: dict[object, _State] = {}


def _state(selection: Selection, first_variable: Any, every: int, name: str, optimizer: Any) -> _State:
    """The state of this call's tensors, which exists as long as the first variable."""
    key = (id(first_variable), name, every, selection.key)
    if key not in _states:
        _states[key] = _State(selection, every, name, optimizer)
        if first_variable is not None:
            weakref.finalize(first_variable, _states.pop, key, None)
    return _states[key]


_warned: set[str] = set()


def _warn_no_writer() -> None:
    if NO_WRITER not in _warned:
        _warned.add(NO_WRITER)
        warnings.warn(NO_WRITER, RuntimeWarning, stacklevel=4)
