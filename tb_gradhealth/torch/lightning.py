"""Recording for Lightning: ``Trainer(callbacks=[GradHealth(log_dir)])``."""

import sys
import warnings
from os import PathLike
from typing import Any

from tb_gradhealth.torch import TrainingUnhealthy, Watcher, watch
from tb_gradhealth.torch.options import checked_options

try:
    if "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
        from pytorch_lightning import Callback
    else:
        from lightning.pytorch import Callback
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tb_gradhealth.torch.lightning needs Lightning: pip install lightning", name=error.name
    ) from None


class GradHealth(Callback):  # type: ignore[misc]
    """Records a training of Lightning's `Trainer`.

    Example::

        from tb_gradhealth.torch.lightning import GradHealth

        trainer = Trainer(callbacks=[GradHealth(log_dir)])

    The loss is the one that ``training_step`` returns, and the values of an epoch are the logged metrics.
    With ``stop_on`` the trainer stops after the batch, with a warning.

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

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch."""
        options = {"first_step": trainer.global_step, **self._options}
        self.watcher = watch(pl_module, trainer.optimizers, self._log_dir, self._every, **options)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the step."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        assert self.watcher is not None
        try:
            self.watcher.step(loss)
        except TrainingUnhealthy as reason:
            trainer.should_stop = True
            warnings.warn(f"tb_gradhealth: {reason}", RuntimeWarning, stacklevel=2)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Record the metrics of the epoch."""
        values = dict(trainer.callback_metrics)
        for name in ("train_loss_epoch", "train_loss", "train/loss"):
            if "loss" not in values and name in values:
                values["loss"] = values[name]
        if self.watcher is not None and values:
            self.watcher.epoch(values)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Close the file."""
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self.watcher is not None:
            self.watcher.close()
