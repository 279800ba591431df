"""`KerasCallback`: the recorder for `model.fit`, in one line."""

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, checked_every
from tb_gradhealth.capture.tensorflow.fit.epoch_values import epoch_values
from tb_gradhealth.capture.tensorflow.fit.keras_step import WatchedStep
from tb_gradhealth.capture.tensorflow.recorder import Recorder
from tb_gradhealth.capture.tensorflow.selecting.activations import replaced
from tb_gradhealth.capture.tensorflow.selecting.settings import optimizer_calls
from tb_gradhealth.capture.tensorflow.selecting.updates import Updates, checked_updates

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
)
"""What a callback is given. All else is of the training that it watches."""

END_OF_DATA: Final = (StopIteration, tf.errors.OutOfRangeError)


class KerasCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records gradients, weights, updates, activations and loss of `model.fit`, and its epochs' logs.

    Example::

        model.fit(x, y, callbacks=[gradhealth.KerasCallback(log_dir)])

    Works with ``jit_compile``, ``run_eagerly``, ``steps_per_execution``, distribution strategies and a
    ``train_step`` of one's own that uses the model's optimizers. Gradients are those handed to an optimizer;
    a `LossScaleOptimizer`'s are divided by its scale, and what an optimizer clips is measured before and
    after. The loss is the one that ``compute_loss`` gives; a step that computes its own returns it, under
    ``"loss"`` or several names that end so, and of a `keras.metrics.Mean` it is what this step gave it.
    Training's results stay what they are without it. A copy (`copy.deepcopy`, `pickle`) is a fresh callback
    with the same settings.

    While `fit` runs, the model's ``train_step``, ``call``, ``compute_loss``, ``train_function`` and
    ``evaluate``, its optimizers' ``apply`` and the hooks of Keras's list of callbacks are wrapped;
    afterwards, or once something raises, they are exactly what they were. Steps are counted on from one
    `fit` to the next.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next; rounded up to whole executions where
            ``steps_per_execution`` is larger than 1.
        name: tells recorders apart that write into one run.
        activations: whether to measure layers' outputs.
        budget: mebibytes that may be written, see `Recorder`.
        overhead: share of the training's time that watching may take, likewise.
        updates: how the change of the weights is measured, likewise.
        rules: how `findings` judges, likewise.
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
        self._fit: _Fit | None = None
        self._ends: Any = None
        self._next_step = 0
        self._last_batch = -1
        self._batch_logs: Mapping[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Its settings: a copy is as fresh as this one was, and knows no model."""
        fresh = vars(KerasCallback(self._log_dir))
        unused = {name: value for name, value in fresh.items() if name not in SETTINGS}
        return {**vars(self), **unused}

    def findings(self) -> Sequence["Finding"]:
        """What the rules find in the records so far, of the running `fit` or the last one."""
        return self._fit.recorder.findings() if self._fit else []

    def on_train_begin(self, logs: Any = None) -> None:
        """Wrap the step and have it traced anew."""
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
        )
        first_step = max(self._next_step, optimizer_calls(model.optimizer))
        self._fit = _Fit(model, recorder, first_step, self._activations)
        # Should all else fail, the model is restored when the callback goes out of use.
        self._ends = weakref.finalize(self, self._fit.finish)
        self._last_batch = -1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count batches from 0 again."""
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write what is due."""
        if self._fit is not None:
            self._fit.write(max(batch - self._last_batch, 1))
        self._last_batch, self._batch_logs = batch, logs or {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the epoch's loss and metrics as `fit` reports them, as far as they are the whole epoch's."""
        if self._fit is not None and logs:
            self._fit.write_epoch(epoch_values(self.model, logs, self._batch_logs))

    def on_train_end(self, logs: Any = None) -> None:
        """Close the file and restore the model."""
        self._finish()

    def _finish(self) -> None:
        if self._fit is not None:
            self._fit.finish()
            self._ends.detach()  # else it would hold what it finishes for as long as the callback lives
            self._next_step = max(self._next_step, self._fit.next_step)


class _Fit:
    """One `fit`: the recorder and the wrapped model. It knows nothing of the callback.

    Attributes:
        recorder: what watches it.
        next_step: the number of the step after the last one, once it has finished.
    """

    def __init__(self, model: Any, recorder: Recorder, first_step: int, activations: bool) -> None:
        self.recorder = recorder
        self.next_step = self._first_step = first_step
        with ExitStack() as wrapped:
            compiled = _compiles_a_step(model)
            step = WatchedStep(model, recorder, activations, compiled)
            wrapped.callback(step.forget)
            for owner, name, wrapper in step.wrappers():
                wrapped.enter_context(replaced(owner, name, wrapper))
            before = model.train_function
            others = before.watchers if isinstance(before, _Guarded) else []
            with _not_compiled(model) if compiled else nullcontext():
                model.make_train_function(force=True)
            train_function, model.train_function = model.train_function, before
            for name, function in (("train_function", train_function), ("evaluate", model.evaluate)):
                guarded = _Guarded(function, [*others, self.finish])
                wrapped.enter_context(replaced(model, name, guarded))
            wrapped.callback(_Hooks(self.finish).leave)
            self._wrapped = wrapped.pop_all()

    def write(self, calls: int) -> None:
        """Write what is due after so many more steps."""
        # Keras's own TensorBoard callback sets a condition of its own (update_freq) around the batches.
        with tf.summary.record_if(True):
            self.recorder.write_counted(self._first_step, calls)

    def write_epoch(self, logs: Mapping[str, Any]) -> None:
        """Write what `fit` reports at the end of an epoch."""
        with tf.summary.record_if(True):
            self.recorder.write_epoch_counted(logs, self._first_step)

    def finish(self) -> None:
        """Restore the model and close the file; a second time changes nothing."""
        self._wrapped.close()
        # It may go out of use while another step is being traced.
        with tf.init_scope(), tf.summary.record_if(True):
            # The last steps may be known to nobody yet, where an exception came before `on_train_batch_end`.
            self.recorder.write_counted(self._first_step, self.recorder.every)
            self.next_step = max(self.next_step, self._first_step + self.recorder.observed())
            self.recorder.close()


def _compiles_a_step(model: Any) -> bool:
    """Whether a step is compiled by itself. Replicas are compiled together."""
    alone = model.distribute_strategy.num_replicas_in_sync == 1
    return bool(model.jit_compile) and not model.run_eagerly and alone


@contextmanager
def _not_compiled(model: Any) -> Iterator[None]:
    """What Keras makes in the block is not compiled: the watched step compiles itself."""
    model.jit_compile = False
    try:
        yield
    finally:
        model.jit_compile = True


class _Guarded:
    """A function that says so when it raises: `on_train_end` does not come then.

    In all else it is the function itself. Keras's TensorBoard callback, for one, looks at a train
    function's attributes to find the graph it draws.

    Attributes:
        function: the function.
        watchers: what is called then.
    """

    def __init__(self, function: Callable[..., Any], watchers: Sequence[Callable[[], None]]) -> None:
        self.function = function
        self.watchers = list(watchers)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.function(*args, **kwargs)
        except END_OF_DATA:
            raise
        except BaseException:
            for raised in tuple(self.watchers):
                raised()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


class _Hooks:
    """The hooks of the list of callbacks that is calling now, guarded.

    Keras tells no callback of its list, nor of an exception that another one raised. The list holds the
    callback, whose going out of use ends the training too, so here it is held weakly.
    """

    def __init__(self, raised: Callable[[], None]) -> None:
        self._raised = raised
        callbacks = _calling_list()
        self._callbacks = weakref.ref(callbacks) if callbacks is not None else lambda: None
        for name in _hook_names(callbacks):
            hook = getattr(callbacks, name)
            if isinstance(hook, _Guarded):
                hook.watchers.append(raised)
            else:
                setattr(callbacks, name, _Guarded(hook, [raised]))

    def leave(self) -> None:
        """Make them what they were, once nobody watches them any more."""
        callbacks = self._callbacks()
        for name in _hook_names(callbacks):
            hook = getattr(callbacks, name)
            if isinstance(hook, _Guarded) and self._raised in hook.watchers:
                hook.watchers.remove(self._raised)
                if not hook.watchers:
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
