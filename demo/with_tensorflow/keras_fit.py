"""Grad Health in a Keras ``fit``: one more callback next to the one of TensorBoard."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.images import batches
from tb_gradhealth.demo.trainings import Training

EPOCHS = 4


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    training: Training,
    log_dir: Path,
    on_step: Callable[[], None],
) -> None:
    """Train one network of the demo, with the data of TensorBoard's other tabs too."""
    data = batches(training.steps, spoil=training.spoil, at=training.spoiled_step)
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        tf.data.Dataset.from_tensor_slices(data),
        epochs=EPOCHS,
        steps_per_epoch=training.steps // EPOCHS,
        shuffle=False,  # the batches were drawn at random
        verbose=0,
        callbacks=[
            gradhealth.KerasCallback(log_dir, overhead=None),  # the tab Grad Health; every step is watched
            keras.callbacks.TensorBoard(log_dir, histogram_freq=1, update_freq=20),  # the others
            keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: on_step()),
        ],
    )
