"""`Watcher`, also called `watch`: records a training loop of PyTorch through hooks."""

import functools
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer

from tb_gradhealth.capture.guard import PATIENCE, Guard, StopOn
from tb_gradhealth.capture.run_handle import RunHandle
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, RunRecorder, checked_setting
from tb_gradhealth.capture.torch.observer import Observer
from tb_gradhealth.capture.torch.observing.backward import Backward
from tb_gradhealth.capture.torch.observing.forward import Attention, Forward
from tb_gradhealth.capture.torch.observing.loss_scale import LossScale
from tb_gradhealth.capture.torch.observing.optimizer_steps import OptimizerSteps
from tb_gradhealth.capture.torch.selecting.modules import unwrapped, watched_parameters
from tb_gradhealth.capture.torch.selecting.settings import optimizer_settings
from tb_gradhealth.capture.torch.step_observation import StepObservation
from tb_gradhealth.capture.updates import Updates, checked_updates
from tb_gradhealth.capture.writing.record_file import open_record_file

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet


class Watcher(RunHandle):
    """A training loop that is recorded in ``<log_dir>/gradhealth``; call it by its other name, `watch`.

    Example::

        import tb_gradhealth.torch as gradhealth

        with gradhealth.watch(model, optimizer, log_dir) as watcher:
            for x, y in loader:
                loss = loss_fn(model(x), y)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                watcher.step(loss)

    Gradients are measured at the end of each backward pass, before they are unscaled or clipped; those of a
    scaled loss are divided by the scale of its `torch.amp.GradScaler`. The update is the whole change of a
    weight by the optimizers' steps. The outputs of modules are measured right after their call. In each step
    that is watched, one number per tensor is computed on the device, and the host does not wait for it; in
    the first step, each ``every``-th after it and, on a CPU, in a step with a value that is not finite or
    many times its usual size, the tensors are measured in full. On an accelerator such a value is seen some
    steps later: the next step is then measured in full, and the numbers of the steps in between are in its
    record. The training's results are the same as without the watcher.

    It is a context manager. Without one, call `close` at the end; at the latest it closes when Python exits
    or receives SIGTERM. An exception in the training is not caught.

    While it is open, the model's modules and parameters and the optimizers have hooks, and the class
    `torch.amp.GradScaler` is wrapped. `close` removes them all. In a distributed training, only the
    process of rank 0 records; in the others the watcher does nothing.

    Args:
        model: the model, also inside `DistributedDataParallel` or compiled.
        optimizer: the optimizer or optimizers of its parameters; None if the parameters are changed by other
            means: updates are then not measured, and each call of `step` is a step.
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        every: steps from one record to the next.
        name: distinguishes watchers that write into one run, e.g. a generator's and a discriminator's.
        activations: whether to measure modules' outputs.
        first_step: the training step of the first call of `step`, more than 0 in a training that is
            resumed.
        settings: further settings for the row table.
        budget: mebibytes that may be written. As they are used up, records are written less often.
        overhead: share of the training's time that recording may take, None for no limit. If it takes more,
            one step in 2, 4, ... up to 64 is watched, and records are made less often.
        updates: ``"exact"`` copies all weights before a step with a record, ``"sampled"`` 65,536 elements of
            each larger tensor, ``"none"`` measures no updates. By default tensors of more than 2^20 elements
            are sampled.
        rules: the rules of `findings`, from `tb_gradhealth.rules.load`; the default rules where None.
        on_finding: called with each new finding that is not muted, and again when its severity rises.
        stop_on: ``"critical"`` or ``"warning"``: `step` raises `TrainingUnhealthy` when an open
            finding of this severity or worse persists. None never stops the training.
        stop_patience: further records with a breach, while the finding stays open, before that.

    Raises:
        TypeError: the model is no module, or an optimizer is none of `torch.optim`.
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer] | None,
        log_dir: str | PathLike[str],
        every: int = 10,
        *,
        name: str = DEFAULT_NAME,
        activations: bool = True,
        first_step: int = 0,
        settings: Mapping[str, str | float | bool | None] | None = None,
        budget: float = 256,
        overhead: float | None = 0.02,
        updates: Updates | None = None,
        rules: "RuleSet | None" = None,
        on_finding: "Callable[[Finding], object] | None" = None,
        stop_on: StopOn | None = None,
        stop_patience: int = PATIENCE,
    ) -> None:
        """Register the hooks."""
        if not isinstance(model, nn.Module):
            raise TypeError(f"watch records a torch.nn.Module, not a {type(model).__name__}")
        optimizers = checked_optimizers(optimizer)
        guard = Guard(on_finding, stop_on, stop_patience)
        self._recorder = RunRecorder[Observer](
            log_dir,
            every=every,
            name=name,
            settings={
                "framework": "torch",
                **optimizer_settings(optimizers),
                **{setting: checked_setting(setting, value) for setting, value in (settings or {}).items()},
            },
            budget=budget,
            overhead=overhead,
            rules=rules,
            guard=guard,
            open_file=open_record_file,
            is_recording=lambda: True,
        )
        self._next_step = int(first_step)
        self._hooks: list[Any] = []
        self._observation: StepObservation | None = None
        self._end_step: Callable[..., Any] = _nothing
        self._begin_step: Callable[..., Any] = _nothing
        checked_updates(updates)
        if not _records_here():
            self._recorder.close()
            return
        inner = unwrapped(model)
        parameters = watched_parameters(inner)
        observation = StepObservation(
            self._recorder, parameters, optimizers, updates=updates, can_thin=overhead is not None
        )
        self._observation = observation
        self._hooks = [
            Backward([each.parameter for each in parameters], self._guarded(observation.backward_ended)),
            OptimizerSteps(
                optimizers,
                self._guarded(observation.optimizer_begins),
                self._guarded(observation.optimizer_ended),
            ),
        ]
        forward = Forward(inner, functools.partial(self._guarded, without_gradients=False))
        forward.attend(Attention(outputs=activations))
        self._hooks.append(forward)
        loss_scale = LossScale()
        loss_scale.open({id(each) for each in optimizers})
        self._hooks.append(loss_scale)
        observation.connect(*self._hooks, activations=activations)
        self._end_step = self._guarded(observation.end_step, without_gradients=False)
        self._begin_step = self._guarded(observation.begin_step, without_gradients=False)
        # The model and the watcher refer to each other. When both are garbage-collected, as after an
        # exception, the recorder is still whole only if it is referred to from elsewhere.
        weakref.finalize(self, _finish, self._recorder, loss_scale).atexit = False

    def step(self, loss: Any = None, *, targets: Any = None, step: int | None = None) -> None:
        """Record the step that has just been trained; call it once in each step, after ``optimizer.step()``.

        It may come before or after ``optimizer.zero_grad()``. A call without a step of the optimizer since
        the last one is ignored, as in a loop that accumulates gradients, unless a `GradScaler` skipped the
        step.

        Args:
            loss: this batch's loss, the tensor itself or a number, or several by name,
                ``{"d_loss": ..., "g_loss": ...}``; by default the entry ``"loss"`` of what the model
                returned, if there is one.
            targets: the targets of the loss, a tensor or several by name.
            step: the training step, 0 for the first; by default they are counted.

        Raises:
            TrainingUnhealthy: a finding stops the training, see ``stop_on``; once.
        """
        observation = self._observation
        if observation is None or not self._recorder.is_open:
            return
        number = self._next_step if step is None else int(step)
        if self._end_step(loss, targets):
            self._next_step = number + 1
            self._recorder.write(number)
            self._begin_step()
        self._recorder.raise_if_unhealthy()

    def epoch(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record the values of an epoch; call it after the epoch's last `step`.

        Args:
            values: numbers by name: ``loss``, ``accuracy``, ``val_loss``...; values that are no numbers are
                left out.
            step: training step of the epoch's last step; by default that of the last `step`.
        """
        self._recorder.write_epoch(values, step)

    def close(self) -> None:
        """Remove all hooks, write the steps after the last record, and close the file."""
        self._release()
        super().close()

    def _release(self) -> None:
        for hooks in self._hooks:
            hooks.close()
        self._hooks.clear()
        self._observation = None
        self._end_step = self._begin_step = _nothing

    def _guarded(self, function: Callable[..., Any], without_gradients: bool = True) -> Callable[..., Any]:
        """A function that never raises: an error in it ends the recording, with a warning.

        Args:
            function: the function.
            without_gradients: whether it computes with tensors, so that PyTorch must not follow its
                operations.
        """

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self._observation is None:
                return None
            try:
                if not without_gradients:
                    return function(*args, **kwargs)
                with torch.no_grad():
                    return function(*args, **kwargs)
            except Exception as error:
                self._release()
                warnings.warn(
                    f"tb_gradhealth stops recording; the training goes on ({error!r})",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return None

        return guarded


watch = Watcher
"""The name for use: ``with gradhealth.watch(model, optimizer, log_dir) as watcher:``."""


def _nothing(*arguments: Any) -> None:
    """Do nothing: what a closed watcher does of a step."""


def _finish(recorder: RunRecorder[Observer], loss_scale: LossScale) -> None:
    """Close what would outlive a watcher; a second call does nothing."""
    loss_scale.close()
    recorder.close()


def checked_optimizers(optimizer: Optimizer | Sequence[Optimizer] | None) -> list[Optimizer]:
    """The optimizers, without wrappers such as Accelerate's.

    Raises:
        TypeError: one of them is no optimizer.
    """
    if optimizer is None:
        return []
    several = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
    found: list[Optimizer] = []
    for each in several:
        inner: Any = getattr(each, "optimizer", each)
        if not isinstance(inner, Optimizer):
            raise TypeError(
                f"optimizer is a {type(each).__name__}: write an optimizer of torch.optim, several of them, "
                "or None"
            )
        found.append(inner)
    return found


def _records_here() -> bool:
    """Whether this process records: it is the only one or has rank 0."""
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized() and distributed.get_rank())
