"""Small networks and their training data; each call returns equal ones."""

import keras
import numpy as np
import tensorflow as tf

BATCH = 8
FEATURES = 6
CLASSES = 3


def batches(count: int = 12, batch: int = BATCH) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches of points [batch, 6] and their classes [batch]."""
    random = np.random.default_rng(5)
    return [
        (random.normal(size=(batch, FEATURES)).astype(np.float32), random.integers(0, CLASSES, batch))
        for _ in range(count)
    ]


def joined(parts):
    """The concatenated arrays of batches of any structure."""
    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts)


def classifier(*between, activation: str = "tanh", seed: int = 11, cls=keras.Sequential) -> keras.Sequential:
    """The layers ``hidden``, those given, and ``out``."""
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    first, last = dense(8, activation=activation, name="hidden"), dense(CLASSES, name="out", dtype="float32")
    return cls([keras.Input((FEATURES,)), first, *between, last])


class Attention(keras.layers.Layer):
    """A typical attention bug: the masked scores that overflow are no layer's output."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.q, self.k, self.v = (keras.layers.Dense(4, name=name) for name in "qkv")

    def call(self, h, words):
        scores = tf.matmul(self.q(h), self.k(h), transpose_b=True)
        scores += tf.where(words[:, None, :] > 0, 0.0, -np.inf)
        return tf.matmul(tf.nn.softmax(scores), self.v(h))
