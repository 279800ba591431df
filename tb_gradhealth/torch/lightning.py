"""Recording for Lightning: ``Trainer(callbacks=[GradHealth(log_dir)])``."""

import sys
from typing import Any

from tb_gradhealth.torch.trainer_watch import TrainerWatch

try:
    if "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
        from pytorch_lightning import Callback
    else:
        from lightning.pytorch import Callback
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tb_gradhealth.torch.lightning needs Lightning: pip install lightning", name=error.name
    ) from None


class GradHealth(TrainerWatch, Callback):  # type: ignore[misc]
    """Records a training of Lightning's `Trainer`.

    Example::

        from tb_gradhealth.torch.lightning import GradHealth

        trainer = Trainer(callbacks=[GradHealth(log_dir)])

    The loss is the one that ``training_step`` returns, and the values of an epoch are the logged metrics.
    With ``stop_on`` the trainer stops after the batch, with a warning.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch."""
        self._begin(pl_module, trainer.optimizers, trainer.global_step)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the step."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if self._must_stop_after(loss):
            trainer.should_stop = True

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
