"""Trains with a custom loop and a `gradhealth.Recorder`, for what `fit` does not support."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.zoo.fitting import STEPS, batches, class_loss
from tb_gradhealth.demo.zoo.tables import Table
from tb_gradhealth.demo.zoo.training import Reached

Amend = Callable[[list[Any], list[Any], tf.Tensor], list[Any]]
"""Gradients, their variables and the step number to the gradients that are applied."""

TAIL = 50
"""Number of last steps whose mean loss is the result."""


@dataclass(frozen=True)
class Loop:
    """A training with a custom loop; calling it with a folder trains.

    Attributes:
        network: makes the model.
        table: the data.
        optimizer: makes the optimizer.
        loss: makes the loss.
        steps: number of batches.
        batch: samples in each.
        seed: of the batches.
        weigh: the loss's factor at a step; gradients are recorded with it.
        amend: changes the gradients between recording and applying.
    """

    network: Callable[[], keras.Model]
    table: Callable[[], Table]
    optimizer: Callable[[], keras.optimizers.Optimizer]
    loss: Callable[[], Any] = class_loss
    steps: int = STEPS
    batch: int = 32
    seed: int = 0
    weigh: Callable[[tf.Tensor], Any] = lambda step: 1.0
    amend: Amend = lambda gradients, variables, step: gradients

    def __call__(self, log_dir: Path) -> Reached:
        """Train, with logs below ``log_dir``."""
        model, optimizer, loss_of = self.network(), self.optimizer(), self.loss()
        variables = model.trainable_variables
        optimizer.build(variables)

        with gradhealth.Recorder(log_dir, optimizer=optimizer, overhead=None) as recorder:

            @tf.function
            def train_step(inputs: tf.Tensor, targets: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
                with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                    loss = loss_of(targets, model(inputs, training=True)) * self.weigh(step)
                gradients = tape.gradient(loss, variables)
                optimizer.apply(self.amend(gradients, variables, step))
                recorder.observe(zip(gradients, variables, strict=True), activations=activations, loss=loss)
                return loss

            losses = []
            drawn = batches(self.table(), self.steps, self.batch, self.seed)
            for step, (inputs, targets) in enumerate(drawn):
                losses.append(train_step(inputs, targets, tf.constant(step)))
                recorder.write(step)
        return {"loss": float(tf.reduce_mean(tf.cast(losses[-TAIL:], tf.float32)))}
