"""Recurrent layers and loops inside layers are measured as a whole, or unmeasured with a reason."""

import by_hand
import keras
import numpy as np
import pytest
import tensorflow as tf

layers = keras.layers
STEPS, WIDTH = 5, 3


@pytest.fixture
def sequences():
    random = np.random.default_rng(8)
    return [
        (random.normal(size=(6, STEPS, WIDTH)).astype(np.float32), random.integers(0, 3, 6)) for _ in range(4)
    ]


def stacked():
    keras.utils.set_random_seed(9)
    return keras.Sequential(
        [
            keras.Input((STEPS, WIDTH)),
            layers.GRU(4, return_sequences=True, name="gru"),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="lstm"), name="both"),
            layers.TimeDistributed(layers.Dense(3, "tanh", name="dense"), name="each"),
            layers.SimpleRNN(4, name="simple"),
            layers.Dense(3, name="out"),
        ]
    )


def test_recurrent_layers_count_as_one(fit, sequences):
    recorded = fit(stacked(), sequences, keras.optimizers.SGD(0.0))
    expected = by_hand.train(stacked(), keras.optimizers.SGD(0.0), sequences)
    expected.assert_matches(recorded, kinds="gradient weight loss")
    model = stacked()
    outputs = {}
    for x, _ in sequences:
        for layer in model.layers:
            x = layer(x)
            outputs.setdefault(layer.name, []).append(np.asarray(x))
    # Bidirectional concatenates the units of both directions.
    both = np.stack(outputs.pop("both"))
    outputs |= {"both/forward_lstm": both[..., :3], "both/backward_lstm": both[..., 3:]}
    assert set(recorded.tensors("activation")) == set(outputs)
    for name, values in outputs.items():
        recorded.assert_row("activation", name, values)
    roles = {recorded.row("gradient", name).role for name in expected.gradients if "recurrent_kernel" in name}
    assert roles == {"recurrent"}


class Repeated(keras.layers.Layer):
    """A layer that calls an inner dense layer three times in a `tf.while_loop`."""

    def __init__(self):
        super().__init__(name="repeated")
        self.inner = layers.Dense(WIDTH, "tanh", name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs):
        return tf.while_loop(lambda n, x: n < 3, lambda n, x: (n + 1, self.inner(x)), [0, inputs])[1]

    def compute_output_shape(self, shape):
        return shape


def looping():
    keras.utils.set_random_seed(9)
    return keras.Sequential(
        [keras.Input((WIDTH,)), layers.Dense(WIDTH, name="first"), Repeated(), layers.Dense(3, name="out")]
    )


def test_while_loop_has_measured_gradients_and_unmeasured_activations(fit, sequences):
    parts = [(x[:, 0], y) for x, y in sequences]
    recorded = fit(looping(), parts)
    expected = by_hand.train(looping(), keras.optimizers.SGD(), parts)
    expected.assert_matches(recorded)
    reasons = recorded.reasons("activation")
    assert "loop" in reasons.pop("repeated/inner")
    assert reasons == {"first": "", "repeated": "", "out": ""}
    assert recorded.row("activation", "out").inputs == ("repeated",)
    assert recorded.row("activation", "repeated").between == "a loop, condition or function"
