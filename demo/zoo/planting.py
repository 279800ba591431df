"""Changing a model from outside in the middle of a training."""

from collections.abc import Callable

import keras


class AtStep(keras.callbacks.Callback):
    """Does something to the model before one step, or before each from there on."""

    def __init__(self, step: int, act: Callable[[keras.Model], None], *, go_on: bool = False) -> None:
        """A change that is still to come.

        Args:
            step: the first step it shows at, 0 for the first of the training.
            act: what to do.
            go_on: whether to do it before every later step as well.
        """
        super().__init__()
        self._step, self._act, self._go_on = step, act, go_on
        self._now = -1

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        """Count, and act when it is time."""
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
