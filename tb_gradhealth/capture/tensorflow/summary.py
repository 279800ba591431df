"""`summary`: one line in a hand-written training step, beside the user's own `tf.summary` calls."""

import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.summary_ops_v2 import _summary_state

from tb_gradhealth.capture.run_observer import DUE, TRIPPED
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, checked_every
from tb_gradhealth.capture.tensorflow.graph import is_compiled, state
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.observing.replicas import replicas
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors, in_pairs, select
from tb_gradhealth.capture.tensorflow.selecting.settings import numbers_of_training, optimizer_settings
from tb_gradhealth.capture.tensorflow.selecting.updates import Updates, checked_updates
from tb_gradhealth.capture.writing.run_writer import OURS
from tb_gradhealth.record import encode_table, record_tag, steps_tag, table_tag

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
) -> None:
    """Watch this step's tensors and, in the first and each ``every``-th call, write a record.

    Works in eager loops and in a `tf.function`. Like every `tf.summary` call it writes to the default
    writer, honours `tf.summary.record_if`, and does nothing where no writer is active (told once, as a
    warning). What it watches between records it keeps in hidden variables, one set for each ``name`` and
    set of tensors.

    Example::

        with writer.as_default():
            gradhealth.summary(zip(grads, variables), activations=activations, loss=loss, step=step)

    Args:
        grads_and_vars: pairs of gradient and variable, as for ``optimizer.apply_gradients``.
        weights: the variables to measure, with their updates; by default those of ``grads_and_vars``.
        activations: from `capture`, or a mapping of names to tensors.
        loss: this batch's loss; several by name, ``{"d_loss": ..., "g_loss": ...}``.
        clipped: the gradients after clipping, in the order of ``grads_and_vars``, which are those before it.
        inputs: what the model was given, a tensor or several by name; by default what `capture` saw.
        targets: what it should answer, likewise.
        step: the training step, 0 for the first; by default `tf.summary.experimental.get_step`.
        every: calls from one record to the next.
        name: tells apart several summaries in one run.
        optimizer: the Keras optimizer, for its settings and its learning rate.
        updates: how the change of the weights is measured, see `Recorder`.

    Raises:
        ValueError: no step is known, gradients do not come in pairs with their variables or do not fit
            them, there are more or fewer clipped gradients than gradients, there is nothing to watch, or
            ``every`` is not a whole number of at least 1, or ``updates`` is none of its words.
        RuntimeError: while tracing a function with ``jit_compile=True``, or under several replicas.
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
    pairs = in_pairs(grads_and_vars)
    lag = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    training = numbers_of_training(optimizer)
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
    anchor = pairs[0][1] if pairs else None
    state = _state(selection, anchor, every, name, optimizer)
    state.announce(writer)
    state.write(selection, step)


class _State:
    """An observer and the writers that know its row table."""

    def __init__(self, selection: Selection, every: int, name: str, optimizer: Any) -> None:
        with tf.init_scope():  # a learning rate has a value only outside the graph
            known = {**selection.settings, **optimizer_settings(optimizer)}
            settings = {"framework": "tensorflow", "every": every, **known}
        self._observer = Observer(selection, every)
        self._table = self._observer.table("" if name == DEFAULT_NAME else name, settings)
        with tf.init_scope():
            self._written_until = state(np.int64(0), "written_until")
        self._writers: weakref.WeakSet[Any] = weakref.WeakSet()

    def announce(self, writer: Any) -> None:
        """Write the row table, once to each writer: now, even while a function is only being traced."""
        if writer not in self._writers:
            with tf.init_scope(), writer.as_default(), tf.summary.record_if(True):
                content = tf.constant(encode_table(self._table))
                tf.summary.write(table_tag(self._table.id), content, step=0, metadata=OURS)
            self._writers.add(writer)

    def write(self, selection: Selection, step: Any) -> None:
        """Observe, and write when due or tripped; what is not wanted leaves its facts to the next record."""
        due, tripped = self._observer(selection)
        step = tf.cast(step, tf.int64)

        def write() -> Any:
            slot = tf.where(due, DUE, TRIPPED)
            matrix = self._matrix(slot)
            written = self._write(record_tag, matrix, step)
            self._observer.untaken.scatter_update(tf.IndexedSlices([~written], slot[None]))
            tf.cond(tripped, lambda: self._write(steps_tag, self._newest_steps(), step), lambda: False)
            return written

        tf.cond(due | tripped, write, lambda: tf.constant(False))

    def _matrix(self, slot: Any) -> Any:
        """The record as it is written, float32 [numbers]: statistics are computed on the host."""
        observer = self._observer
        wanted = tf.summary.should_record_summaries()
        steps, numbers = (
            observer.flight_recorder.steps.read_value(),
            observer.flight_recorder.numbers.read_value(),
        )
        number, handed_over = observer.recorded[slot], observer.handed_over(slot)
        written, limits = tf.numpy_function(
            self._on_host, [wanted, steps, numbers, number, *handed_over], [tf.float32, tf.float32]
        )
        limits.set_shape(observer.flight_recorder.limits.shape)
        observer.flight_recorder.limits.assign(limits)
        return written

    def _on_host(
        self, wanted: Any, steps: Any, numbers: Any, number: Any, *handed_over: Any
    ) -> tuple[Any, Any]:
        """The record, empty where it is not ``wanted``, and the limits from which steps trip now."""
        matrix = np.zeros([0], np.float32)
        if wanted:
            matrix = self._observer.matrix(handed_over, steps, numbers, int(number))
            matrix = matrix.reshape(-1)[self._table.written]
        return matrix, self._observer.follow(steps, numbers, int(number))

    def _newest_steps(self) -> Any:
        """The flight recorder's steps since the last were written, float32 [steps, rows]."""
        seen = self._observer.seen.read_value()
        steps = self._observer.flight_recorder.newest(seen - self._written_until, seen)
        self._written_until.assign(seen)
        return steps

    def _write(self, tag: Callable[[str], str], values: Any, step: Any) -> Any:
        return tf.summary.write(tag(self._table.id), values, step=step, metadata=OURS)


_states: dict[object, _State] = {}


def _state(selection: Selection, anchor: Any, every: int, name: str, optimizer: Any) -> _State:
    """The state of this call's tensors, which lives as long as the first variable."""
    key = (id(anchor), name, every, selection.key)
    if key not in _states:
        _states[key] = _State(selection, every, name, optimizer)
        if anchor is not None:
            weakref.finalize(anchor, _states.pop, key, None)
    return _states[key]


_warned: set[str] = set()


def _warn_no_writer() -> None:
    if NO_WRITER not in _warned:
        _warned.add(NO_WRITER)
        warnings.warn(NO_WRITER, RuntimeWarning, stacklevel=4)
