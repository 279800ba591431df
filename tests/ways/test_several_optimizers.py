"""A GAN: two networks, two optimizers and two recorders, over one persistent tape."""

from dataclasses import dataclass
from typing import Any

import by_hand
import keras
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth


@dataclass
class Player:
    """One of the two networks with its optimizer."""

    model: Any
    optimizer: Any

    def train(self, tape, loss):
        """Compute and apply the gradients; return pairs for the recorder, and tensors by name."""
        variables = by_hand.names_of(self.model)
        grads = tape.gradient(loss, list(variables.values()))
        self.optimizer.apply_gradients(zip(grads, variables.values(), strict=True))
        return list(zip(grads, variables.values(), strict=True)), dict(zip(variables, grads, strict=True))


def players():
    keras.utils.set_random_seed(2)
    dense = keras.layers.Dense
    made = [keras.Input((4,)), dense(8, "relu", name="first"), dense(6, name="made")]
    said = [keras.Input((6,)), dense(8, "relu", name="look"), dense(1, name="say")]
    both = {
        "maker": Player(keras.Sequential(made, name="maker"), keras.optimizers.Adam(0.01)),
        "critic": Player(keras.Sequential(said, name="critic"), keras.optimizers.SGD(0.05)),
    }
    for player in both.values():
        player.optimizer.build(player.model.trainable_variables)
    return both


def losses(both, noise, real):
    maker, critic = both["maker"].model, both["critic"].model
    made, true = critic(maker(noise)), critic(real)
    return {
        "maker": -tf.reduce_mean(made),
        "critic": tf.reduce_mean(tf.nn.softplus(made) + tf.nn.softplus(-true)),
    }


@pytest.fixture
def steps():
    random = np.random.default_rng(0)
    widths = {"noise": 4, "real": 6}
    return [
        {name: tf.constant(random.normal(size=(8, width)), tf.float32) for name, width in widths.items()}
        for _ in range(6)
    ]


def recorded_training(log_dir, steps, run):
    both = players()
    recorders = {name: gradhealth.Recorder(log_dir, every=2, name=name) for name in both}

    @run
    def step(noise, real):
        with (
            tf.GradientTape(persistent=True) as tape,
            gradhealth.capture(both["maker"].model) as makes,
            gradhealth.capture(both["critic"].model) as says,
        ):
            loss = losses(both, noise, real)
        for name, activations in (("maker", makes), ("critic", says)):
            pairs, _ = both[name].train(tape, loss[name])
            recorders[name].observe(pairs, activations=activations, loss=loss[name])

    for number, data in enumerate(steps):
        step(**data)
        for recorder in recorders.values():
            recorder.write(number)
    for recorder in recorders.values():
        recorder.close()
    return Recorded(log_dir)


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
def test_each_network_is_recorded_with_the_gradients_of_its_own_loss(log_dir, steps, run):
    recorded = recorded_training(log_dir, steps, run)
    assert {record.table.stream for record in recorded.records} == {"maker", "critic"}
    assert sorted(recorded.steps) == [0, 0, 2, 2, 4, 4]

    both, gradients = players(), {}
    for data in steps:
        with tf.GradientTape(persistent=True) as tape:
            loss = losses(both, **data)
        for name, player in both.items():
            _, tensors = player.train(tape, loss[name])
            for tensor, gradient in tensors.items():
                gradients.setdefault(tensor, []).append(gradient.numpy())
    for tensor, values in gradients.items():
        recorded.assert_row("gradient", tensor, values)
