"""The networks of the demo: one that learns, and five with one fault each."""

import keras
from keras import layers

CLASSES = 10


def healthy_cnn() -> keras.Model:
    """Convolutions with BatchNormalization, a usual healthy network."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv_0"),
            layers.BatchNormalization(name="norm_0"),
            layers.Activation("relu", name="relu_0"),
            layers.Conv2D(32, 3, padding="same", use_bias=False, name="conv_1"),
            layers.BatchNormalization(name="norm_1"),
            layers.Activation("relu", name="relu_1"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="healthy_cnn",
    )


def deep_sigmoid() -> keras.Model:
    """Fault: twelve sigmoid layers. Each passes at most a quarter of the gradient it receives."""
    hidden = [layers.Dense(32, activation="sigmoid", name=f"hidden_{depth}") for depth in range(12)]
    return _stack("deep_sigmoid", hidden)


def dead_relu() -> keras.Model:
    """Fault: the second hidden layer starts with strongly negative biases, so most units are always zero."""
    hidden = [
        layers.Dense(64, activation="relu", kernel_initializer="he_normal", name=f"hidden_{depth}")
        for depth in range(3)
    ]
    hidden[1].bias_initializer = keras.initializers.RandomNormal(mean=-4.0, stddev=1.0)
    return _stack("dead_relu", hidden)


def plain_cnn() -> keras.Model:
    """No fault in the network: its run receives one batch of broken images."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu", name="conv_0"),
            layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            layers.Flatten(name="flatten"),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="plain_cnn",
    )


class Contrast(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Fault: (image - mean) / deviation without a guard. An empty image gives 0 / 0."""

    def call(self, images):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Scale every image to mean 0 and deviation 1."""
        mean = keras.ops.mean(images, axis=(1, 2, 3), keepdims=True)
        deviation = keras.ops.std(images, axis=(1, 2, 3), keepdims=True)
        return (images - mean) / deviation


def unguarded_contrast() -> keras.Model:
    """A small network behind the unguarded layer."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            Contrast(name="contrast"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="hidden"),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="unguarded_contrast",
    )


def pixel_rnn() -> keras.Model:
    """Fault: a plain recurrent layer over 64 pixels whose recurrent weights amplify, without clipping.

    Adam divides by the gradient's size, so the weights do not explode and the loss only stays high: the
    explosion is visible in the gradient alone.
    """
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Reshape((64, 1), name="pixels"),
            layers.SimpleRNN(
                32,
                recurrent_initializer=keras.initializers.RandomNormal(stddev=0.5),
                name="rnn",
            ),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="pixel_rnn",
    )


def _stack(name: str, hidden: list[keras.layers.Layer]) -> keras.Model:
    first, last = (
        [layers.Input((8, 8, 1)), layers.Flatten(name="flatten")],
        [layers.Dense(CLASSES, name="logits")],
    )
    return keras.Sequential([*first, *hidden, *last], name=name)
