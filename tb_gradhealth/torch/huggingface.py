"""Recording for Hugging Face's `Trainer`: ``Trainer(..., callbacks=[GradHealth(log_dir)])``."""

from os import PathLike
from typing import Any

from tb_gradhealth.torch.trainer_watch import TrainerWatch

try:
    from transformers import TrainerCallback
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tb_gradhealth.torch.huggingface needs Transformers: pip install transformers accelerate",
        name=error.name,
    ) from None


class GradHealth(TrainerWatch, TrainerCallback):  # type: ignore[misc]
    """Records a training of Hugging Face's `Trainer`.

    Example::

        from tb_gradhealth.torch.huggingface import GradHealth

        trainer = Trainer(model, arguments, train_dataset=data, callbacks=[GradHealth(log_dir)])

    The loss is the one that the model returns for the last micro-batch of a step; a loss that the trainer
    computes by itself is not seen. With ``stop_on`` the trainer stops after the step, with a warning.
    """

    def __init__(self, log_dir: str | PathLike[str], every: int = 10, **options: Any) -> None:
        """Create a callback; the arguments are those of `TrainerWatch`."""
        super().__init__(log_dir, every, **options)
        self._logged: dict[str, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
        """Begin to watch."""
        self._begin(objects["model"], objects["optimizer"], state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
        """Record the step."""
        if self._must_stop_after():
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **objects: Any) -> None:
        """Keep the newest mean loss."""
        if logs and "loss" in logs:
            self._logged = {"loss": logs["loss"]}

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **objects: Any) -> None:
        """Record the metrics of an evaluation, with the newest mean loss."""
        validation = {
            name.replace("eval_", "val_", 1): value
            for name, value in (metrics or {}).items()
            if name.startswith("eval_")
        }
        if self.watcher is not None:
            self.watcher.epoch({**self._logged, **validation})

    def on_epoch_end(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
        """Record the newest mean loss, if there are no evaluations."""
        if self.watcher is not None and self._logged and str(args.eval_strategy).endswith(("no", "NO")):
            self.watcher.epoch(self._logged)

    def on_train_end(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
        """Close the file."""
        self._close()
