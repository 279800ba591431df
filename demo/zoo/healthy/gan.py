"""Generative adversarial networks: two models and two recorders in one loop; no loss goes to zero."""

from functools import partial
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers, optimizers

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.zoo.fitting import STEPS, batches
from tb_gradhealth.demo.zoo.tables import digits, iris
from tb_gradhealth.demo.zoo.training import Goal, Reached, healthy

NOISE = 8


def generator(width: int, outputs: int) -> keras.Model:
    """Noise to a sample."""
    return keras.Sequential(
        [
            layers.Input((NOISE,)),
            layers.Dense(width, activation="relu", name="grow"),
            layers.Dense(outputs, name="sample"),
        ]
    )


def discriminator(width: int, inputs: int) -> keras.Model:
    """A sample to one logit: real or not."""
    return keras.Sequential(
        [
            layers.Input((inputs,)),
            layers.Dense(width, activation="leaky_relu", name="look"),
            layers.Dense(1, name="real"),
        ]
    )


def train(table, width: int, seed: int, log_dir: Path) -> Reached:  # noqa: ANN001
    """Train both in turn; the result is the discriminator's loss, 1.39 where it guesses."""
    size = table().inputs.shape[1]
    make, judge = generator(width, size), discriminator(width, size)
    make_optimizer, judge_optimizer = (optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2))
    make_optimizer.build(make.trainable_variables)
    judge_optimizer.build(judge.trainable_variables)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    random = tf.random.Generator.from_seed(seed)

    with (
        gradhealth.Recorder(log_dir, name="generator", overhead=None) as made,
        gradhealth.Recorder(log_dir, name="discriminator", overhead=None) as judged,
    ):

        @tf.function
        def train_step(real: tf.Tensor) -> tf.Tensor:
            noise = random.normal((len(real), NOISE))
            with tf.GradientTape() as tape, gradhealth.capture(judge) as activations:
                on_real, on_fake = judge(real), judge(make(noise))
                judge_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
            pairs = list(
                zip(
                    tape.gradient(judge_loss, judge.trainable_variables),
                    judge.trainable_variables,
                    strict=True,
                )
            )
            judge_optimizer.apply_gradients(pairs)
            judged.observe(pairs, activations=activations, loss=judge_loss)

            with tf.GradientTape() as tape, gradhealth.capture(make) as activations:
                fooled = judge(make(noise))
                make_loss = bce(tf.ones_like(fooled), fooled)
            pairs = list(
                zip(tape.gradient(make_loss, make.trainable_variables), make.trainable_variables, strict=True)
            )
            make_optimizer.apply_gradients(pairs)
            made.observe(pairs, activations=activations, loss=make_loss)
            return judge_loss

        losses = []
        for step, (real, _) in enumerate(batches(table(), STEPS, 32, seed)):
            losses.append(float(train_step(real)))
            made.write(step)
            judged.write(step)
    return {"loss": sum(losses[-50:]) / 50}


TRAININGS = [
    healthy(
        f"gan_{table.__name__}_width{width}_seed{seed}",
        partial(train, table, width, seed),
        Goal("loss", at_least=0.02, at_most=1.6),
        seed,
    )
    for seed, (table, width) in enumerate(((digits, 64), (iris, 24), (digits, 128)))
]
