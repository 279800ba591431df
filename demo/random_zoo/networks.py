"""The networks of random trainings, as functional Keras models, with the same layers at any precision."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from tb_gradhealth.demo.random_zoo.plan import Plan
from tb_gradhealth.demo.random_zoo.tasks import VOCABULARY, Head, Task

Tensor = Any


@keras.saving.register_keras_serializable("gradhealth")
class Cut(layers.Layer):
    """Passes its input, but no gradient."""

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, detached."""
        return keras.ops.stop_gradient(inputs)


def network_of(plan: Plan, task: Task) -> keras.Model:
    """Build the network in the precision of Keras's global policy."""
    return _Builder(plan, task).model()


class _Builder:
    """Builds one network, layer by layer."""

    def __init__(self, plan: Plan, task: Task) -> None:
        self.plan, self.task = plan, task
        self._built = 0

    def model(self) -> keras.Model:
        inputs = layers.Input(self.task.inputs.shape[1:], dtype="int32" if self.task.tokens else None)
        body = _BODIES[self.plan.architecture](self, inputs)
        faults = self.plan.faults
        if "cut_path" in faults:
            body = Cut(name="cut")(body)
        if "drowned_layer" in faults:
            body = layers.Rescaling(0.0, name="drown")(body)
        if "unused_layer" in faults:
            unused = layers.Dense(self.plan.width, name="unused")(body)
            body = layers.Lambda(_first, name="aside")([body, unused])
        outputs = [self._head(body, head, index) for index, head in enumerate(self.task.heads)]
        return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0])

    def options(self) -> dict[str, Any]:
        """The options of every kernel."""
        plan = self.plan
        kernel: Any = plan.initializer
        if kernel == "normal":
            kernel = keras.initializers.RandomNormal(stddev=plan.deviation)
        return {
            "kernel_initializer": kernel if isinstance(kernel, str) else kernel.clone(),
            "kernel_regularizer": keras.regularizers.L2(plan.l2) if plan.l2 else None,
        }

    def active(
        self, layer: Callable[..., layers.Layer], body: Tensor, *arguments: Any, **more: Any
    ) -> Tensor:
        """A layer with normalization, activation and dropout, as in the plan."""
        plan, name = self.plan, f"hidden_{self._built}"
        self._built += 1
        if plan.normalization == "none":
            body = layer(*arguments, activation=plan.activation, name=name, **self.options(), **more)(body)
        else:
            body = layer(*arguments, name=name, **self.options(), **more)(body)
            norm = layers.BatchNormalization if plan.normalization == "batch" else layers.LayerNormalization
            body = layers.Activation(plan.activation, name=f"{name}_out")(norm(name=f"{name}_norm")(body))
        return layers.Dropout(plan.dropout)(body) if plan.dropout else body

    def dense(self, body: Tensor, width: int | None = None) -> Tensor:
        """A dense hidden layer."""
        return self.active(layers.Dense, body, width or self.plan.width)

    def conv(self, body: Tensor, filters: int) -> Tensor:
        """A convolution over the image or along the sequence."""
        kind = layers.Conv2D if len(body.shape) == 4 else layers.Conv1D
        return self.active(kind, body, filters, 3, padding="same")

    def embedded(self, inputs: Tensor) -> Tensor:
        """Tokens as vectors; other inputs unchanged."""
        if not self.task.tokens:
            return inputs
        return layers.Embedding(VOCABULARY, self.plan.width, name="embedding")(inputs)

    def _head(self, body: Tensor, head: Head, index: int) -> Tensor:
        plan, name = self.plan, f"head_{index}"
        if head.kind == "numbers":
            wrong = ("sigmoid", "softmax", "relu")[int(3 * plan.strength)]
            activation = wrong if "wrong_last_activation" in plan.faults else None
            out = layers.Dense(head.size, activation=activation, name=name)(body)
            shape = head.targets.shape[1:]
            return layers.Reshape(shape, name=f"{name}_shaped")(out) if len(shape) > 1 else out
        right = "softmax" if plan.output == "probabilities" else None
        wrong = ("relu", "sigmoid", "tanh")[int(3 * plan.strength)]
        activation = wrong if "wrong_last_activation" in plan.faults else right
        return layers.Dense(head.size, activation=activation, name=name)(body)


def _first(pair: list[Tensor]) -> Tensor:
    return pair[0]


def _dense(build: _Builder, inputs: Tensor) -> Tensor:
    body = inputs if len(inputs.shape) == 2 else layers.Flatten()(inputs)
    for _ in range(build.plan.depth):
        body = build.dense(body)
    return body


def _conv(build: _Builder, inputs: Tensor) -> Tensor:
    body = inputs
    for index in range(build.plan.depth):
        body = build.conv(body, build.plan.width)
        if index == 0:
            body = layers.MaxPooling2D()(body) if len(body.shape) == 4 else layers.MaxPooling1D()(body)
    return layers.Flatten()(body)


def _residual(build: _Builder, inputs: Tensor) -> Tensor:
    image = len(inputs.shape) == 4
    width = build.plan.width

    def layer(body: Tensor) -> Tensor:
        return build.conv(body, width) if image else build.dense(body)

    body = layer(inputs)
    for _ in range(build.plan.depth):
        body = layers.Add()([body, layer(layer(body))])
    return layers.GlobalAveragePooling2D()(body) if image else body


def _recurrent(build: _Builder, inputs: Tensor) -> Tensor:
    kind = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[build.plan.cell]
    body, width = build.embedded(inputs), build.plan.width
    for index in range(build.plan.depth):
        last = index == build.plan.depth - 1
        body = kind(width, return_sequences=not last, name=f"recurrent_{index}", **build.options())(body)
    return body


def _attention(build: _Builder, inputs: Tensor) -> Tensor:
    width = build.plan.width
    body = build.embedded(inputs)
    body = layers.Dense(width, name="project")(body)
    body = _Positions(name="positions")(body)
    for index in range(build.plan.depth):
        around = layers.LayerNormalization(name=f"norm_{index}")(body)
        attended = layers.MultiHeadAttention(2, max(width // 2, 2), name=f"attention_{index}")(around, around)
        body = layers.Add()([body, attended])
        inner = build.active(layers.Dense, layers.LayerNormalization(name=f"norm_{index}b")(body), 2 * width)
        body = layers.Add()([body, layers.Dense(width, name=f"back_{index}")(inner)])
    return layers.GlobalAveragePooling1D()(body)


@keras.saving.register_keras_serializable("gradhealth")
class _Positions(layers.Layer):
    """Adds a learned vector for each position."""

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the position vectors."""
        self.vectors = self.add_weight(shape=shape[1:], initializer="random_normal", name="vectors")

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs with their position vectors added."""
        return inputs + self.vectors


def _embedding(build: _Builder, inputs: Tensor) -> Tensor:
    body = build.embedded(inputs)
    wide = build.plan.source == "recall"  # a mean would lose the order
    body = layers.Flatten()(body) if wide else layers.GlobalAveragePooling1D()(body)
    for _ in range(build.plan.depth):
        body = build.dense(body)
    return body


def _autoencoder(build: _Builder, inputs: Tensor) -> Tensor:
    body = inputs
    widths = [max(build.plan.width // 2**index, 4) for index in range(build.plan.depth + 1)]
    for width in (*widths, *widths[-2::-1]):
        body = build.dense(body, width)
    return body


_BODIES: dict[str, Callable[[_Builder, Tensor], Tensor]] = {
    "dense": _dense,
    "conv": _conv,
    "residual": _residual,
    "recurrent": _recurrent,
    "attention": _attention,
    "embedding": _embedding,
    "autoencoder": _autoencoder,
    "multi-head": _dense,
}
