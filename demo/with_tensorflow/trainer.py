"""Makes the network and optimizer of a run in Keras, and trains them by ``fit`` or by a custom loop."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf
from tensorboard.plugins.hparams.summary_v2 import Metric

from tb_gradhealth.demo.trainings import Training
from tb_gradhealth.demo.with_tensorflow import custom_loop, keras_fit, networks

METRICS = [Metric("epoch_loss", group="train", display_name="loss")]
"""Further metrics for the HParams tab, which Keras's callback writes."""

SEED = 7
OPTIMIZERS = {"Adam": keras.optimizers.Adam, "SGD": keras.optimizers.SGD}


def train(training: Training, log_dir: Path, on_step: Callable[[], None] = lambda: None) -> None:
    """Train one network of the demo from a fixed seed."""
    keras.utils.set_random_seed(SEED)
    model = getattr(networks, training.network)()
    optimizer = OPTIMIZERS[training.optimizer](training.learning_rate)
    with tf.summary.create_file_writer(str(log_dir)).as_default():
        tf.summary.graph(_graph_of(model))
    trained_by = custom_loop if training.name == "exploding_rnn" else keras_fit
    trained_by.train(model, optimizer, training, log_dir, on_step)


def _graph_of(model: keras.Model) -> tf.Graph:
    """The graph for the Graphs tab; Keras itself writes only the conceptual graph, its second view."""
    images = tf.TensorSpec((None, *model.input_shape[1:]))
    return tf.function(model).get_concrete_function(images).graph
