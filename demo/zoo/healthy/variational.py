"""A variational autoencoder: a loss of two terms, and noise inside the network."""

from functools import partial

import keras
from keras import layers, losses, ops, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits_themselves
from tb_gradhealth.demo.zoo.training import healthy, loss


class Sample(layers.Layer):
    """Draws from a normal distribution and adds its divergence from the standard one to the loss."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.random = keras.random.SeedGenerator(0)

    def call(self, inputs):  # noqa: ANN001, ANN201
        """Mean and log variance to a sample."""
        mean, log_variance = inputs
        divergence = -0.5 * ops.mean(1 + log_variance - mean**2 - ops.exp(log_variance))
        self.add_loss(self.weight * divergence)
        noise = keras.random.normal(ops.shape(mean), seed=self.random)
        return mean + ops.exp(0.5 * log_variance) * noise


def network(latent: int) -> keras.Model:
    """64 pixels to ``latent`` random numbers and back."""
    inputs = layers.Input((64,))
    hidden = layers.Dense(48, activation="relu")(inputs)
    drawn = Sample(1e-3)([layers.Dense(latent)(hidden), layers.Dense(latent)(hidden)])
    decoded = layers.Dense(48, activation="relu")(drawn)
    return keras.Model(inputs, layers.Dense(64, activation="sigmoid")(decoded))


TRAININGS = [
    healthy(
        f"variational_latent{latent}_seed{seed}",
        Fit(
            partial(network, latent),
            digits_themselves,
            partial(optimizers.Adam, 3e-3),
            losses.MeanSquaredError,
            seed=seed,
        ),
        loss(0.08),
        seed,
    )
    for seed, latent in enumerate((6, 12))
]
