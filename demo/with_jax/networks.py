"""The networks of the demo in Flax NNX: one that learns, and five with one fault each.

Images are [batch, 8, 8, 1]; findings name a layer by its attribute.
"""

import jax
import jax.numpy as jnp
from flax import nnx

CLASSES = 10


class HealthyCNN(nnx.Module):
    """Convolutions with batch normalization, a usual healthy network."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.conv_0 = nnx.Conv(1, 16, (3, 3), use_bias=False, rngs=rngs)
        self.norm_0 = nnx.BatchNorm(16, rngs=rngs)
        self.conv_1 = nnx.Conv(16, 32, (3, 3), use_bias=False, rngs=rngs)
        self.norm_1 = nnx.BatchNorm(32, rngs=rngs)
        self.logits = nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes."""
        hidden = nnx.relu(self.norm_0(self.conv_0(images)))
        hidden = nnx.relu(self.norm_1(self.conv_1(hidden)))
        return self.logits(hidden.mean(axis=(1, 2)))


class DeepSigmoid(nnx.Module):
    """Fault: twelve sigmoid layers. Each passes at most a quarter of the gradient it receives."""

    depth = 12

    def __init__(self, rngs: nnx.Rngs) -> None:
        for depth in range(self.depth):
            setattr(self, f"hidden_{depth}", nnx.Linear(64 if depth == 0 else 32, 32, rngs=rngs))
        self.logits = nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes."""
        hidden = _flat(images)
        for depth in range(self.depth):
            hidden = nnx.sigmoid(getattr(self, f"hidden_{depth}")(hidden))
        return self.logits(hidden)


class DeadReLU(nnx.Module):
    """Fault: the second hidden layer starts with strongly negative biases, so most units are always zero."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        he, normal = nnx.initializers.he_normal(), nnx.initializers.normal(1.0)
        self.hidden_0 = nnx.Linear(64, 64, kernel_init=he, rngs=rngs)
        self.hidden_1 = nnx.Linear(
            64, 64, kernel_init=he, bias_init=lambda *arguments: normal(*arguments) - 4, rngs=rngs
        )
        self.hidden_2 = nnx.Linear(64, 64, kernel_init=he, rngs=rngs)
        self.logits = nnx.Linear(64, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes."""
        hidden = nnx.relu(self.hidden_0(_flat(images)))
        hidden = nnx.relu(self.hidden_1(hidden))
        return self.logits(nnx.relu(self.hidden_2(hidden)))


class PlainCNN(nnx.Module):
    """No fault in the network: its run receives one batch of broken images."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.conv_0 = nnx.Conv(1, 16, (3, 3), padding="VALID", rngs=rngs)
        self.conv_1 = nnx.Conv(16, 32, (3, 3), padding="VALID", rngs=rngs)
        self.logits = nnx.Linear(512, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes."""
        hidden = nnx.relu(self.conv_0(images))
        return self.logits(_flat(nnx.relu(self.conv_1(hidden))))


class Contrast(nnx.Module):
    """Fault: (image - mean) / deviation without a guard. An empty image gives 0 / 0."""

    def __call__(self, images: jax.Array) -> jax.Array:
        """Scale every image to mean 0 and deviation 1."""
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        deviation = images.std(axis=(1, 2, 3), keepdims=True)
        return (images - mean) / deviation


class UnguardedContrast(nnx.Module):
    """A small network behind the unguarded layer."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.contrast = Contrast()
        self.hidden = nnx.Linear(64, 64, rngs=rngs)
        self.logits = nnx.Linear(64, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes."""
        return self.logits(nnx.relu(self.hidden(_flat(self.contrast(images)))))


class Recurrent(nnx.Module):
    """A plain recurrent layer, tanh(x W + h R + b), that returns its last state."""

    def __init__(self, inputs: int, units: int, rngs: nnx.Rngs) -> None:
        glorot, normal = nnx.initializers.glorot_uniform(), nnx.initializers.normal(0.5)
        self.kernel = nnx.Param(glorot(rngs.params(), (inputs, units)))
        self.recurrent_kernel = nnx.Param(normal(rngs.params(), (units, units)))
        self.bias = nnx.Param(jnp.zeros(units))

    def __call__(self, sequences: jax.Array) -> jax.Array:
        """The last states [batch, units] of sequences [batch, time, inputs]."""
        kernel, recurrent_kernel, bias = self.kernel[...], self.recurrent_kernel[...], self.bias[...]

        def step(hidden: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
            return jnp.tanh(x @ kernel + hidden @ recurrent_kernel + bias), None

        start = jnp.zeros((len(sequences), len(bias)))
        last, _ = jax.lax.scan(step, start, jnp.swapaxes(sequences, 0, 1))
        return last


class PixelRNN(nnx.Module):
    """Fault: a recurrent layer over 64 pixels whose recurrent weights amplify, without clipping.

    Adam divides by the gradient's size, so the weights do not explode and the loss only stays high: the
    explosion is visible in the gradient alone.
    """

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.rnn = Recurrent(1, 32, rngs=rngs)
        self.logits = nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes after the last pixel."""
        return self.logits(self.rnn(images.reshape(len(images), 64, 1)))


NETWORKS = {
    "healthy_cnn": HealthyCNN,
    "deep_sigmoid": DeepSigmoid,
    "pixel_rnn": PixelRNN,
    "dead_relu": DeadReLU,
    "plain_cnn": PlainCNN,
    "unguarded_contrast": UnguardedContrast,
}
"""By the name of the network in `trainings`."""


def _flat(images: jax.Array) -> jax.Array:
    return images.reshape(len(images), -1)
