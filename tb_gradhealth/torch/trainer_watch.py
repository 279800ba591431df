"""What the callbacks of all trainers share: their options, and the watcher of a training."""

import warnings
from os import PathLike
from typing import Any

from tb_gradhealth.torch import TrainingUnhealthy, Watcher, watch
from tb_gradhealth.torch.options import checked_options


class TrainerWatch:
    """Mixed into a trainer's class of callbacks.

    Attributes:
        watcher: the watcher of the running training or the last one; None before.
    """

    def __init__(self, log_dir: str | PathLike[str], every: int = 10, **options: Any) -> None:
        """Create a callback.

        Args:
            log_dir: the run's directory.
            every: steps from one record to the next.
            **options: the options of `tb_gradhealth.torch.watch`.

        Raises:
            TypeError: an option is unknown.
        """
        self._log_dir, self._every = log_dir, every
        self._options = checked_options(options)
        self.watcher: Watcher | None = None

    def _begin(self, model: Any, optimizers: Any, first_step: int) -> None:
        options = {"first_step": first_step, **self._options}
        self.watcher = watch(model, optimizers, self._log_dir, self._every, **options)

    def _must_stop_after(self, loss: Any = None) -> bool:
        """Record a step; whether a finding stops the training, with a warning."""
        assert self.watcher is not None
        try:
            self.watcher.step(loss)
        except TrainingUnhealthy as reason:
            warnings.warn(f"tb_gradhealth: {reason}", RuntimeWarning, stacklevel=3)
            return True
        return False

    def _close(self) -> None:
        if self.watcher is not None:
            self.watcher.close()
