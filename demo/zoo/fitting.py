"""Trains with a Keras `fit` over random batches of a table, recorded by Grad Health."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.zoo.tables import Table
from tb_gradhealth.demo.zoo.training import Reached

EPOCHS = 4
STEPS = 300

Spoil = Callable[[Table], Table]


def class_loss() -> keras.losses.Loss:
    """Cross-entropy of logits and class numbers."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@dataclass(frozen=True)
class Fit:
    """A training with `fit`; calling it with a folder trains.

    Attributes:
        network: makes the model.
        table: the data.
        optimizer: makes the optimizer.
        loss: makes the loss.
        steps: number of batches.
        batch: samples in each.
        seed: of the batches.
        spoil: changes the batch at ``spoiled_step``.
        callbacks: makes further callbacks.
        options: of ``compile``.
    """

    network: Callable[[], keras.Model]
    table: Callable[[], Table]
    optimizer: Callable[[], keras.optimizers.Optimizer]
    loss: Callable[[], Any] = class_loss
    steps: int = STEPS
    batch: int = 32
    seed: int = 0
    spoil: Spoil | None = None
    spoiled_step: int = -1
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] = tuple
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, log_dir: Path) -> Reached:
        """Train, with logs below ``log_dir``."""
        model = self.network()
        metrics = ["accuracy"] if self.loss is class_loss else []
        model.compile(optimizer=self.optimizer(), loss=self.loss(), metrics=metrics, **self.options)
        history = model.fit(
            batches(self.table(), self.steps, self.batch, self.seed, spoil=self.spoil, at=self.spoiled_step),
            epochs=EPOCHS,
            steps_per_epoch=self.steps // EPOCHS,
            shuffle=False,  # the batches were drawn at random
            verbose=0,
            callbacks=[gradhealth.KerasCallback(log_dir, overhead=None), *self.callbacks()],
        )
        return {name: float(values[-1]) for name, values in history.history.items()}


def batches(
    table: Table, steps: int, batch: int, seed: int, *, spoil: Spoil | None = None, at: int = -1
) -> tf.data.Dataset:
    """``steps`` batches of random samples; ``spoil`` changes the one at step ``at``."""
    chosen = np.random.default_rng(seed).integers(0, len(table.inputs), (steps, batch))
    inputs, targets = table.inputs[chosen], table.targets[chosen]
    if spoil is not None:
        inputs[at], targets[at] = spoil(Table(inputs[at], targets[at]))
    return tf.data.Dataset.from_tensor_slices((inputs, targets))
