"""`Recorder`: statistics taken inside the training step, written outside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.python.ops.summary_ops_v2 import _summary_state

from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, RunRecorder, checked_setting
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.observing.replicas import replica, replicas, whole_batch
from tb_gradhealth.capture.tensorflow.record_file import TensorFlowFile
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors, in_pairs, select
from tb_gradhealth.capture.tensorflow.selecting.settings import (
    numbers_of_training,
    optimizer_calls,
    optimizer_settings,
)
from tb_gradhealth.capture.tensorflow.selecting.targets import Targets
from tb_gradhealth.capture.tensorflow.selecting.updates import Updates, checked_updates

if TYPE_CHECKING:
    from tb_gradhealth.health import RuleSet


class Recorder(RunRecorder[Observer]):
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
        super().__init__(
            log_dir,
            every=every,
            name=name,
            settings={
                "framework": "tensorflow",
                **optimizer_settings(optimizer),
                **{setting: checked_setting(setting, value) for setting, value in (settings or {}).items()},
            },
            budget=budget,
            overhead=overhead,
            rules=rules,
            open_file=TensorFlowFile,
            wanted=_is_recording,
        )
        self._optimizer = optimizer
        self._optimizer_calls = optimizer_calls(optimizer)
        self._updates = checked_updates(updates)

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
        step = StepTensors(
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
        selection = self.selected(step)
        if selection is not None:
            self.observe_selected(selection)

    def selected(self, step: StepTensors) -> Selection | None:
        """What `observe` makes of its arguments; None where nothing is to be observed."""
        if not self.records:
            return None
        pairs, spread = in_pairs(step.grads_and_vars), None
        clipped, loss, training = step.clipped, step.loss, step.training
        if replicas() > 1:
            pairs, clipped, loss, spread = whole_batch("Recorder.observe", pairs, clipped, loss)
            if replica() > 0:
                return None  # the first one speaks for all
        if training is None:
            training = numbers_of_training(self._optimizer)
        lag = int(self._settings.get("gradient_accumulation_steps") or 1)
        return select(
            replace(step, grads_and_vars=pairs, clipped=clipped, loss=loss, training=training),
            lag=lag,
            phase=self._optimizer_calls % lag,
            spread=spread,
            updates=self._updates,
        )

    def observe_selected(self, selection: Selection) -> None:
        """Take in a step's tensors that `selected` has chosen."""
        tracked = self._tracked.get(selection.key)
        if tracked is None:
            observer = Observer(selection, self.every, self._thins)
            tracked = self.track(selection.key, observer, selection.settings)
        tracked.observer(selection)
        self.step_observed(tracked, traced=not tf.executing_eagerly())

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
        super().write(step)

    def close(self) -> None:
        """Write what is known of the steps after the last record, and close the file.

        Their full statistics are not known, but the flight recorder's steps are. If one of them was not
        finite, a last record says so: it has the columns since the last record and NaN in all others.
        """
        with tf.init_scope():  # a signal may come while a function is being traced
            super().close()
        self._optimizer = None


def _is_recording() -> bool:
    """What `tf.summary.record_if` says where this is called.

    `tf.summary.should_record_summaries` also asks for an active writer, which a recorder does without.
    """
    condition = _summary_state.is_recording
    if callable(condition):
        condition = condition()
    return True if condition is None else bool(condition)
