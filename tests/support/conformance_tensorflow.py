"""The same steps and trainings through the adapter of TensorFlow."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from conformance_case import INDICES, ROWS, Batches, Network, Tensors

import tb_gradhealth as gradhealth


def tensors(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    variables = {name: tf.Variable(weight, name=name) for name, weight in weights.items()}
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        pairs = [(tf.constant(gradients[name]), variable) for name, variable in variables.items()]
        recorder.observe(
            pairs, activations={name: tf.constant(output) for name, output in outputs.items()}, loss=1.0
        )
        recorder.write(0)


def sparse(log_dir: Path, table: np.ndarray) -> str:
    """Record one step with a sparse gradient; the name of its row."""
    variable = tf.Variable(table, name="table")
    gradient = tf.IndexedSlices(tf.constant(ROWS), tf.constant(INDICES), tf.constant(table.shape))
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        recorder.observe([(gradient, variable)])
        recorder.write(0)
    return "table"


def roles(log_dir: Path) -> None:
    """Record one step of a model with a parameter of each role."""
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            keras.layers.Embedding(9, 4),
            keras.layers.LayerNormalization(),
            keras.layers.LSTM(3),
            keras.layers.Dense(2),
        ]
    )
    variables = model.trainable_variables
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        recorder.observe([(tf.ones(variable.shape), variable) for variable in variables])
        recorder.write(0)


def train(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a loop of TensorFlow."""
    last = len(network.layers) - 1
    model = keras.Sequential(
        [
            keras.Input(network.layers[0][0].shape[:1]),
            *(
                keras.layers.Dense(
                    bias.size, network.activation if index < last else None, name=f"dense_{index}"
                )
                for index, (_, bias) in enumerate(network.layers)
            ),
        ]
    )
    model.set_weights([array for layer in network.layers for array in layer])
    optimizer = keras.optimizers.SGD(rate)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    recorder = gradhealth.Recorder(log_dir, overhead=None)

    @tf.function
    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        pairs = list(zip(gradients, model.trainable_variables, strict=True))
        optimizer.apply_gradients(pairs)
        recorder.observe(pairs, activations=activations, loss=loss, targets=y)

    with recorder:
        for number, (x, y) in enumerate(batches):
            step(tf.constant(x), tf.constant(y))
            recorder.write(number)
