"""Shared layers, custom layers, and layers that are recomputed in the backward pass."""

import by_hand
import keras
import networks
import numpy as np
import tensorflow as tf

layers = keras.layers


class Scale(keras.layers.Layer):
    """A custom layer without an activation attribute, whose variable has an unusual name."""

    def build(self, shape):
        self.temperature = self.add_weight(shape=(shape[-1],), initializer="ones", name="temperature")

    def call(self, inputs):
        return tf.nn.softplus(inputs * self.temperature)


def test_a_custom_layer_without_an_activation_attribute(fit):
    parts = networks.batches()
    recorded = fit(networks.classifier(Scale(name="scale")), parts, keras.optimizers.Adam(0.01))
    model = networks.classifier(Scale(name="scale"))
    by_hand.train(model, keras.optimizers.Adam(0.01), parts).assert_matches(recorded)
    row = recorded.row("activation", "scale")
    assert (row.activation, row.not_measured) == ("", "")
    assert recorded.row("gradient", "scale/temperature").role == "other"
    untrained = keras.Sequential(networks.classifier(Scale(name="scale")).layers[:2])
    right = np.sqrt(np.mean(np.asarray(untrained(parts[0][0]), np.float64) ** 2))
    np.testing.assert_allclose(recorded.column("activation", "scale", "rms")[0], right, rtol=1e-5)


def shared_function():
    keras.utils.set_random_seed(3)
    one, two = keras.Input((networks.FEATURES,), name="one"), keras.Input((networks.FEATURES,), name="two")
    tower = layers.Dense(4, "tanh", name="tower")
    both = layers.Concatenate(name="both")([tower(one), tower(two)])
    return keras.Model([one, two], layers.Dense(3, name="out")(both))


def test_a_shared_layer_has_a_row_for_each_call_and_one_gradient(fit):
    parts = [((x, -2 * x), y) for x, y in networks.batches()]
    recorded = fit(shared_function(), parts, keras.optimizers.SGD(0.0))
    expected = by_hand.train(shared_function(), keras.optimizers.SGD(0.0), parts)
    expected.assert_matches(recorded, kinds="gradient weight loss")
    tower = shared_function().get_layer("tower")
    for position, name in enumerate(("tower", "tower_2")):
        recorded.assert_row("activation", name, [np.asarray(tower(x[position])) for x, _ in parts])
        assert recorded.row("activation", name).layer == recorded.row("gradient", "tower/kernel").layer


class Recomputing(keras.Model):
    """A model whose block is recomputed in the backward pass."""

    def __init__(self):
        keras.utils.set_random_seed(3)
        super().__init__(name="recomputing")
        self.block = [layers.Dense(5, "tanh", name=name) for name in ("a", "b")]
        self.out = layers.Dense(3, name="out")

    def build(self, shape):
        for layer, width in zip([*self.block, self.out], (networks.FEATURES, 5, 5), strict=True):
            layer.build((None, width))

    def call(self, inputs):
        forward = tf.recompute_grad(lambda x: self.block[1](self.block[0](x)))
        return self.out(forward(inputs))


def recomputing():
    model = Recomputing()
    model.build((None, networks.FEATURES))
    return model


def test_recomputed_activations_are_recorded_once(fit):
    parts = networks.batches()
    recorded = fit(recomputing(), parts, keras.optimizers.SGD(0.1))
    by_hand.train(recomputing(), keras.optimizers.SGD(0.1), parts).assert_matches(recorded)
    assert recorded.tensors("activation") == ["a", "b", "out"]
