"""`Recorder`: measures inside the training step, and writes outside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.python.ops.summary_ops_v2 import _summary_state

from tb_gradhealth.capture.guard import PATIENCE, Guard, StopOn
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, RunRecorder, checked_setting
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.observing.replicas import replica, replicas, whole_batch
from tb_gradhealth.capture.tensorflow.record_file import TensorFlowFile
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors, in_pairs, select
from tb_gradhealth.capture.tensorflow.selecting.settings import (
    optimizer_calls,
    optimizer_settings,
    training_numbers,
)
from tb_gradhealth.capture.tensorflow.selecting.targets import Targets
from tb_gradhealth.capture.updates import Updates, checked_updates

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet


class Recorder(RunRecorder[Observer]):
    """Records a training loop, compiled or not, in ``<log_dir>/gradhealth``.

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

    `observe` computes one number per tensor in every watched step. It measures the tensors in full in the
    first step, in each ``every``-th step after it, and in a step with a value that is not finite or many
    times its usual size. Variables hold the results: one number per tensor for each of the newest steps, and
    one copy of the measured weights (a sample of large ones), from which updates are computed. `write` reads
    them only where a record is scheduled. The recorder writes the remaining steps when it is closed or
    garbage-collected, at the latest when Python exits or receives SIGTERM. A forked process writes nothing.

    Under a `tf.distribute` strategy every replica must call `observe` in its step. Gradients and loss are
    then summed over the replicas, as the optimizer does, which costs one more exchange of the gradients.
    Weights and activations are those of the first replica, which alone writes.

    Attributes:
        every: steps from one record to the next.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next.
        name: distinguishes recorders that write into one run, e.g. a generator's and a discriminator's.
        optimizer: the Keras optimizer, whose settings some rules use.
        settings: further settings for the row table.
        budget: mebibytes that may be written. As they are used up, records are written less often: half as
            often when half is used, a quarter as often at three quarters, and so on.
        overhead: share of the training's time that recording may take, None for no limit. The costs are
            measured. If watching every step takes more, one step in 2, 4, ... up to 64 is watched; if records
            take more, they are made half as often, and so on. A step whose loss is not finite is watched in
            any case. The row table contains the intervals.
        updates: how the updates of weights are measured: ``"exact"`` copies all weights, ``"sampled"`` 65,536
            evenly spread elements of each larger tensor (the RMS then has a standard error of 0.3 % for
            normally distributed updates), ``"none"`` does not measure updates. By default tensors of more
            than 2^20 elements are sampled. The row table contains the size of each sample.
        rules: the rules of `findings`, from `tb_gradhealth.rules.load`; the default rules where None.
        on_finding: called with each new finding that is not muted, and again when its severity rises, in a
            step between two records. An exception in it becomes a warning.
        stop_on: ``"critical"`` or ``"warning"``: `write` raises `TrainingUnhealthy` when an open finding of
            this severity or worse persists. None never stops the training.
        stop_patience: further records with a breach, while the finding stays open, before it stops the
            training. With the default, a single spike or a single step that is not finite does not.
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
        on_finding: "Callable[[Finding], object] | None" = None,
        stop_on: StopOn | None = None,
        stop_patience: int = PATIENCE,
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
            guard=Guard(on_finding, stop_on, stop_patience),
            open_file=TensorFlowFile,
            is_recording=_is_recording,
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
        """Observe this step's tensors; call it once per step, inside the step, before or after the update.

        Args:
            grads_and_vars: pairs of gradient and variable, as for ``optimizer.apply_gradients``.
            weights: the variables to measure, with their updates; by default those of ``grads_and_vars``.
            activations: from `capture`, or a mapping of names to tensors.
            loss: this batch's loss, or several by name, ``{"d_loss": ..., "g_loss": ...}``.
            clipped: the gradients after clipping, in the order of ``grads_and_vars``, which then has those
                before.
            training: values for rows of kind ``training``, by name; by default the learning rate and the loss
                scale of the recorder's optimizer.
            inputs: the model's inputs, a tensor or several by name; by default those seen by `capture`.
            targets: the targets of the loss, a tensor or several by name.
            constant: the targets with their compiled loss, for the loss of the best constant prediction;
                `KerasCallback` sets it.

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
        """The selection that `observe` makes of its arguments; None if nothing is to be observed."""
        if not self.is_open:
            return None
        pairs, spread = in_pairs(step.grads_and_vars), None
        clipped, loss, training = step.clipped, step.loss, step.training
        if replicas() > 1:
            pairs, clipped, loss, spread = whole_batch("Recorder.observe", pairs, clipped, loss)
            if replica() > 0:
                return None  # only the first replica records
        if training is None:
            training = training_numbers(self._optimizer)
        lag = int(self._settings.get("gradient_accumulation_steps") or 1)
        return select(
            replace(step, grads_and_vars=pairs, clipped=clipped, loss=loss, training=training),
            lag=lag,
            phase=self._optimizer_calls % lag,
            spread=spread,
            updates=self._updates,
        )

    def observe_selected(self, selection: Selection) -> None:
        """Observe a step by the result of `selected`."""
        tracked = self._tracked.get(selection.key)
        if tracked is None:
            observer = Observer(selection, self.every, self._can_thin)
            tracked = self.track(selection.key, observer, selection.settings)
        tracked.observer(selection)
        self.step_observed(tracked, traced=not tf.executing_eagerly())

    def write(self, step: Any) -> None:
        """Write the pending records; call it after each step, or after several steps with the last's number.

        It costs next to nothing where no record is scheduled.

        Args:
            step: the training step that was just observed, 0 for the first.

        Raises:
            TrainingUnhealthy: a finding stops the training, see ``stop_on``; once.
        """
        if not tf.executing_eagerly():
            raise RuntimeError(
                "Recorder.write writes a file and cannot run inside a tf.function: "
                "call recorder.write(step) after the step, outside the function"
            )
        super().write(step)
        self.raise_if_unhealthy()

    def close(self) -> None:
        """Write the steps after the last record, and close the file.

        Of these steps only the step statistics are known. If one of them was not finite, a last record is
        written: it has the columns since the last record and NaN in all others.
        """
        with tf.init_scope():  # a signal may come while a function is being traced
            super().close()
        self._optimizer = None


def _is_recording() -> bool:
    """The condition of `tf.summary.record_if` that is in force.

    `tf.summary.should_record_summaries` also requires an active writer, which a recorder does not need.
    """
    condition = _summary_state.is_recording
    if callable(condition):
        condition = condition()
    return True if condition is None else bool(condition)
