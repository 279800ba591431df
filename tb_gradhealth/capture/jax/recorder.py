"""`Recorder`: writes what a `Watch` has observed, outside the compiled step."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import jax

from tb_gradhealth.capture.guard import PATIENCE, Guard, StopOn
from tb_gradhealth.capture.jax.observer import Observer
from tb_gradhealth.capture.jax.state import State
from tb_gradhealth.capture.jax.watch import Watch
from tb_gradhealth.capture.run_handle import RunHandle
from tb_gradhealth.capture.run_observer import Tracked
from tb_gradhealth.capture.run_recorder import DEFAULT_NAME, RunRecorder, checked_setting
from tb_gradhealth.capture.writing.record_file import open_record_file

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding, RuleSet


class Recorder(RunHandle):
    """Writes the records of a `Watch` to ``<log_dir>/gradhealth``; see `Watch` for an example.

    It is a context manager. Without one, call `close` at the end; at the latest it closes when Python exits
    or receives SIGTERM. In a training with several processes only the first one writes.

    Args:
        log_dir: the run's directory, one of those TensorBoard is pointed at.
        watch: the description of the training.
        name: distinguishes recorders that write into one run, e.g. a generator's and a discriminator's.
        settings: further settings for the row table. Optax does not expose an optimizer's: rules use
            ``optimizer``, ``learning_rate``, ``epsilon``, ``clipnorm``.
        budget: mebibytes that may be written. As they are used up, records are written less often.
        overhead: share of the training's time that recording may take, None for no limit. If it takes more,
            one step in 2, 4, ... up to 64 is watched, and records are made less often.
        rules: the rules of `findings`, from `tb_gradhealth.rules.load`; the default rules where None.
        on_finding: called with each new finding that is not muted, and again when its severity rises.
        stop_on: ``"critical"`` or ``"warning"``: `write` raises `TrainingUnhealthy` when an open finding of
            this severity or worse persists. None never stops the training.
        stop_patience: further records with a breach, while the finding stays open, before that.

    Raises:
        TypeError: ``watch`` is no `Watch`, or a setting is not valid.
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        log_dir: str | PathLike[str],
        watch: Watch,
        *,
        name: str = DEFAULT_NAME,
        settings: Mapping[str, str | float | bool | None] | None = None,
        budget: float = 256,
        overhead: float | None = 0.02,
        rules: "RuleSet | None" = None,
        on_finding: "Callable[[Finding], object] | None" = None,
        stop_on: StopOn | None = None,
        stop_patience: int = PATIENCE,
    ) -> None:
        if not isinstance(watch, Watch):
            raise TypeError(f"watch is a {type(watch).__name__}: write a tb_gradhealth.jax.Watch")
        accumulated = watch.gradient_accumulation_steps
        self._watch = watch
        self._recorder = RunRecorder[Observer](
            log_dir,
            every=watch.every,
            name=name,
            settings={
                "framework": "jax",
                **({"gradient_accumulation_steps": accumulated} if accumulated > 1 else {}),
                **{setting: checked_setting(setting, value) for setting, value in (settings or {}).items()},
            },
            budget=budget,
            overhead=overhead,
            rules=rules,
            guard=Guard(on_finding, stop_on, stop_patience),
            open_file=open_record_file,
            is_recording=lambda: True,
        )
        self._can_thin = overhead is not None
        self._tracked: Tracked[Observer] | None = None
        if jax.process_index() > 0:
            self._recorder.close()

    def write(self, state: State, step: Any) -> State:
        """Write the pending records; call it after each step, or after several with the number of the last.

        It costs next to nothing where no record is scheduled.

        Args:
            state: the newest state, from `Watch.observe`.
            step: the training step that was just observed, 0 for the first.

        Returns:
            The state for the next step: the host has read its records, and may have changed its limits.

        Raises:
            TypeError: ``state`` is none of `Watch.init`, or ``write`` is called inside a compiled function.
            TrainingUnhealthy: a finding stops the training, see ``stop_on``; once.
        """
        if not isinstance(state, State):
            raise TypeError(f"write: state is a {type(state).__name__}: write the result of Watch.observe")
        if isinstance(state.counters, jax.core.Tracer):
            raise TypeError(
                "Recorder.write writes a file and cannot run inside jax.jit: call it after the step"
            )
        if not self._recorder.is_open:
            return state
        if self._tracked is None:
            observer = Observer(self._watch, state, self._can_thin)
            self._tracked = self._recorder.track(observer, observer, {})
        observer = self._tracked.observer
        observer.state = state
        self._recorder.step_observed(self._tracked, traced=True)
        self._recorder.write(step)
        self._recorder.raise_if_unhealthy()
        return observer.state

    def write_epoch(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Write the values of an epoch; call it after the epoch's last `write`.

        Args:
            values: numbers by name: ``loss``, ``accuracy``, ``val_loss``...; values that are no numbers are
                left out.
            step: training step of the epoch's last step; by default that of the last `write`.
        """
        self._recorder.write_epoch(values, step)

    def close(self) -> None:
        """Write the steps after the last record, and close the file."""
        super().close()
        self._tracked = None
