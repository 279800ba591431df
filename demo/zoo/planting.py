"""Changes a model during a training."""

from collections.abc import Callable

import keras


class AtStep(keras.callbacks.Callback):
    """Changes the model before one step, or before each step from one on."""

    def __init__(self, step: int, act: Callable[[keras.Model], None], *, go_on: bool = False) -> None:
        """A planned change.

        Args:
            step: the step before which it happens, 0 for the first.
            act: changes the model.
            go_on: whether to repeat it before every later step.
        """
        super().__init__()
        self._step, self._act, self._go_on = step, act, go_on
        self._now = -1

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        """Count the steps, and make the change when it is due."""
        self._now += 1
        if self._now == self._step or (self._go_on and self._now > self._step):
            self._act(self.model)


def scale(layer: str, factor: float) -> Callable[[keras.Model], None]:
    """Multiply a layer's kernel."""

    def act(model: keras.Model) -> None:
        kernel = model.get_layer(layer).kernel
        kernel.assign(kernel * factor)

    return act


def set_learning_rate(rate: float) -> Callable[[keras.Model], None]:
    """Set the optimizer's learning rate."""

    def act(model: keras.Model) -> None:
        model.optimizer.learning_rate.assign(rate)

    return act
