"""`KerasCallback`: records a `model.fit`."""

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.guard import PATIENCE, Guard, StopOn
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, checked_every
from tb_gradhealth.capture.tensorflow.fit.checkpoints import checkpoint_patterns, last_checkpoint
from tb_gradhealth.capture.tensorflow.fit.early_variables import create_variables
from tb_gradhealth.capture.tensorflow.fit.epoch_values import epoch_values
from tb_gradhealth.capture.tensorflow.fit.keras_step import ObservedStep
from tb_gradhealth.capture.tensorflow.recorder import Recorder
from tb_gradhealth.capture.tensorflow.selecting.activations import replaced
from tb_gradhealth.capture.tensorflow.selecting.settings import optimizer_calls
from tb_gradhealth.capture.updates import Updates, checked_updates

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet

SETTINGS: Final = (
    "_log_dir",
    "_every",
    "_name",
    "_activations",
    "_budget",
    "_overhead",
    "_updates",
    "_rules",
    "_on_finding",
    "_stop_on",
    "_stop_patience",
)
"""Attributes with the callback's settings; all others belong to the running training."""

END_OF_DATA: Final = (StopIteration, tf.errors.OutOfRangeError)


class KerasCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records gradients, weights, updates, activations and loss of `model.fit`, and its epochs' logs.

    Example::

        model.fit(x, y, callbacks=[gradhealth.KerasCallback(log_dir)])

    It works with ``jit_compile``, ``run_eagerly``, ``steps_per_execution``, distribution strategies and a
    custom ``train_step`` that uses the model's optimizers. Gradients are those passed to an optimizer; those
    of a `LossScaleOptimizer` are divided by its scale, and clipped gradients are measured before and after
    clipping. The loss is the result of ``compute_loss``. A step that computes its own loss has to return it,
    as ``"loss"`` or under names that end with it; of a `keras.metrics.Mean` the value of this step is taken.
    The training's results are the same as without the callback. A copy (`copy.deepcopy`, `pickle`) is a new
    callback with the same settings.

    The optimizer's variables, and metrics that are given by name, are created before the first step, which is
    then traced once; Keras creates them within the first step, which it has to trace twice.

    While `fit` runs, the model's ``train_step``, ``call``, ``compute_loss``, ``train_function`` and
    ``evaluate``, its optimizers' ``apply`` and the hooks of Keras's list of callbacks are wrapped. After it,
    or after an exception, they are restored exactly. Steps are counted on from one `fit` to the next.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next; rounded up to whole executions where
            ``steps_per_execution`` is larger than 1.
        name: distinguishes recorders that write into one run.
        activations: whether to measure layers' outputs.
        budget: mebibytes that may be written, see `Recorder`.
        overhead: share of the training's time that recording may take, see `Recorder`.
        updates: how the updates of weights are measured, see `Recorder`.
        rules: the rules of `findings`, see `Recorder`.
        on_finding: called with each new finding, see `Recorder`.
        stop_on: ``"critical"`` or ``"warning"``: `fit` ends after the batch when an open finding of this
            severity or worse persists. A warning gives the reason, with the newest checkpoint of a
            `ModelCheckpoint` in the same `fit` that is older than the finding. None never stops it.
        stop_patience: further records with a breach before that, see `Recorder`.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        log_dir: str | PathLike[str],
        every: int = 10,
        *,
        name: str = DEFAULT_NAME,
        activations: bool = True,
        budget: float = 256,
        overhead: float | None = 0.02,
        updates: Updates | None = None,
        rules: "RuleSet | None" = None,
        on_finding: "Callable[[Finding], object] | None" = None,
        stop_on: StopOn | None = None,
        stop_patience: int = PATIENCE,
    ) -> None:
        super().__init__()
        self._log_dir = log_dir
        self._every = checked_every(every)
        self._name = name
        self._activations = activations
        self._budget = budget
        self._overhead = overhead
        self._updates = checked_updates(updates)
        self._rules = rules
        Guard(on_finding, stop_on, stop_patience)  # checks the values where they are written
        self._on_finding, self._stop_on, self._stop_patience = on_finding, stop_on, stop_patience
        self._fit: _Fit | None = None
        self._finalizer: Any = None
        self._next_step = 0
        self._last_batch = -1
        self._batch_logs: Mapping[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """The state of a new callback with the same settings, without the model."""
        fresh = vars(KerasCallback(self._log_dir))
        unused = {name: value for name, value in fresh.items() if name not in SETTINGS}
        return {**vars(self), **unused}

    def findings(self) -> Sequence["Finding"]:
        """The findings in the records so far, of the running `fit` or the last one."""
        return self._fit.recorder.findings() if self._fit else []

    @property
    def stopped_by(self) -> "Finding | None":
        """The finding that stopped the running `fit` or the last one; None where none did."""
        return self._fit.recorder.stopped_by if self._fit else None

    def on_train_begin(self, logs: Any = None) -> None:
        """Wrap the step and have it traced again."""
        self._finish()  # the last training may have ended in an exception
        model = self.model
        executed = int(model.steps_per_execution or 1)
        recorder = Recorder(
            self._log_dir,
            every=-(-self._every // executed) * executed,
            name=self._name,
            optimizer=model.optimizer,
            settings={
                "framework": "keras",
                "dtype_policy": model.dtype_policy.name,
                "jit_compile": bool(model.jit_compile),
                "steps_per_execution": executed,
            },
            budget=self._budget,
            overhead=self._overhead,
            updates=self._updates,
            rules=self._rules,
            on_finding=self._on_finding,
            stop_on=self._stop_on,
            stop_patience=self._stop_patience,
        )
        first_step = max(self._next_step, optimizer_calls(model.optimizer))
        self._fit = _Fit(model, recorder, first_step, self._activations)
        # As a last resort the model is restored when the callback is garbage-collected.
        self._finalizer = weakref.finalize(self, self._fit.finish)
        self._last_batch = -1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count batches from 0 again."""
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write the pending records."""
        if self._fit is not None:
            self._fit.write(max(batch - self._last_batch, 1))
            self._stop_where_unhealthy(self._fit)
        self._last_batch, self._batch_logs = batch, logs or {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write those of the epoch's logs that hold for the whole epoch."""
        if self._fit is not None and logs:
            self._fit.write_epoch(epoch_values(self.model, logs, self._batch_logs))

    def on_train_end(self, logs: Any = None) -> None:
        """Close the file and restore the model."""
        self._finish()

    def _stop_where_unhealthy(self, fit: "_Fit") -> None:
        finding = fit.recorder.stopped_by
        if finding is None or self.model.stop_training:
            return
        self.model.stop_training = True
        older = last_checkpoint(fit.checkpoints, fit.recorder.time_before(finding.opened_step))
        checkpoint = f"the last checkpoint before it: {older}" if older else "no checkpoint is older"
        message = f"tb_gradhealth stops the training: {finding.message} ({checkpoint})"
        warnings.warn(message, RuntimeWarning, stacklevel=2)

    def _finish(self) -> None:
        if self._fit is not None:
            self._fit.finish()
            self._finalizer.detach()  # else it would keep the fit alive as long as the callback
            self._next_step = max(self._next_step, self._fit.next_step)


class _Fit:
    """One `fit`: the recorder and the wrapped model. It has no reference to the callback.

    Attributes:
        recorder: its recorder.
        checkpoints: patterns of the files that other callbacks save.
        next_step: after the end, the training step that follows the last one.
    """

    def __init__(self, model: Any, recorder: Recorder, first_step: int, activations: bool) -> None:
        self.recorder = recorder
        self.checkpoints = checkpoint_patterns(getattr(_calling_list(), "callbacks", ()))
        self.next_step = self._first_step = first_step
        with ExitStack() as wrapped:
            compiled = _compiles_a_step(model)
            step = ObservedStep(model, recorder, activations, compiled)
            wrapped.callback(step.release)
            for owner, name, wrapper in step.wrappers():
                wrapped.enter_context(replaced(owner, name, wrapper))
            before = model.train_function
            others = before.on_error if isinstance(before, _Guarded) else []
            with _not_compiled(model) if compiled else nullcontext():
                model.make_train_function(force=True)
            train_function, model.train_function = model.train_function, before
            errors = [*others, self.finish]
            guarded = _Guarded(train_function, errors, functools.partial(create_variables, model))
            wrapped.enter_context(replaced(model, "train_function", guarded))
            wrapped.enter_context(replaced(model, "evaluate", _Guarded(model.evaluate, errors)))
            wrapped.callback(_Hooks(self.finish).restore)
            self._wrapped = wrapped.pop_all()

    def write(self, steps: int) -> None:
        """Write the pending records after at most ``steps`` more steps."""
        # Keras's own TensorBoard callback sets a condition (update_freq) around the batches.
        with tf.summary.record_if(True):
            self.recorder.write_counted(self._first_step, steps)

    def write_epoch(self, logs: Mapping[str, Any]) -> None:
        """Write what `fit` reports at the end of an epoch."""
        with tf.summary.record_if(True):
            self.recorder.write_epoch_counted(logs, self._first_step)

    def finish(self) -> None:
        """Restore the model and close the file; a second call does nothing."""
        self._wrapped.close()
        # It may be garbage-collected while another step is being traced.
        with tf.init_scope(), tf.summary.record_if(True):
            # After an exception before `on_train_batch_end` the last steps are not written yet.
            self.recorder.write_counted(self._first_step, self.recorder.every)
            self.next_step = max(self.next_step, self._first_step + self.recorder.observed())
            self.recorder.close()


def _compiles_a_step(model: Any) -> bool:
    """Whether XLA compiles the step alone; replicas are compiled together."""
    alone = model.distribute_strategy.num_replicas_in_sync == 1
    return bool(model.jit_compile) and not model.run_eagerly and alone


@contextmanager
def _not_compiled(model: Any) -> Iterator[None]:
    """Keras does not compile the functions that it makes in the block; the observed step compiles itself."""
    model.jit_compile = False
    try:
        yield
    finally:
        model.jit_compile = True


class _Guarded:
    """A function that calls others when it raises, since Keras then does not call `on_train_end`.

    Its attributes are those of the function. Keras's TensorBoard callback, for example, reads a train
    function's attributes to find the graph that it draws.

    Attributes:
        function: the function.
        on_error: functions that are called when it raises.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        on_error: Sequence[Callable[[], None]],
        before_first: Callable[..., None] | None = None,
    ) -> None:
        """Guard a function; ``before_first`` is called with its arguments before its first call."""
        self.function = function
        self.on_error = list(on_error)
        self._before_first = before_first

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._before_first is not None:
                before_first, self._before_first = self._before_first, None
                before_first(*args, **kwargs)
            return self.function(*args, **kwargs)
        except END_OF_DATA:
            raise
        except BaseException:
            for handle in tuple(self.on_error):
                handle()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


class _Hooks:
    """Guards the hooks of the list of callbacks that is running.

    Keras passes a callback neither its list nor an exception of another callback. The list refers to the
    callback, whose garbage collection ends the training too, so the reference to the list is weak.
    """

    def __init__(self, on_error: Callable[[], None]) -> None:
        self._on_error = on_error
        callbacks = _calling_list()
        self._callbacks = weakref.ref(callbacks) if callbacks is not None else lambda: None
        for name in _hook_names(callbacks):
            hook = getattr(callbacks, name)
            if isinstance(hook, _Guarded):
                hook.on_error.append(on_error)
            else:
                setattr(callbacks, name, _Guarded(hook, [on_error]))

    def restore(self) -> None:
        """Remove this guard, and restore the hooks that have no other one."""
        callbacks = self._callbacks()
        for name in _hook_names(callbacks):
            hook = getattr(callbacks, name)
            if isinstance(hook, _Guarded) and self._on_error in hook.on_error:
                hook.on_error.remove(self._on_error)
                if not hook.on_error:
                    setattr(callbacks, name, hook.function)


def _hook_names(callbacks: Any) -> list[str]:
    return [name for name in dir(callbacks) if name.startswith("on_")]


def _calling_list() -> Any:
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, keras.callbacks.CallbackList):
            return caller
        frame = frame.f_back
    return None
