"""Grad Health in a training loop of your own: ``observe`` in the step, ``write`` after it.

The recorder works in plain Python, in a ``tf.function`` and under ``jit_compile=True``. Where no step is
compiled, ``gradhealth.summary(...)`` next to your other ``tf.summary`` calls does the same in one line.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.images import batches
from tb_gradhealth.demo.trainings import Training


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    training: Training,
    log_dir: Path,
    on_step: Callable[[], None],
) -> None:
    """Train one network of the demo, with the data of TensorBoard's other tabs too."""
    data = batches(training.steps, spoil=training.spoil, at=training.spoiled_step)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    writer = tf.summary.create_file_writer(str(log_dir / "train"))

    with gradhealth.Recorder(log_dir, overhead=None) as recorder:

        @tf.function
        def train_step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                loss = loss_of(labels, model(images, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            recorder.observe(
                zip(gradients, model.trainable_variables, strict=True), activations=activations, loss=loss
            )
            return loss

        with writer.as_default():
            for step, (images, labels) in enumerate(tf.data.Dataset.from_tensor_slices(data)):
                loss = train_step(images, labels)
                recorder.write(step)
                if step % 20 == 0:
                    tf.summary.scalar("loss", loss, step)
                    for variable in model.trainable_variables:
                        tf.summary.histogram(variable.path, variable, step)
                on_step()
    writer.close()
