"""The reference training: eager, step by step, with all values kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def class_loss(model: Any, x: Any, y: Any) -> Any:
    """The mean cross-entropy of a classifier."""
    return cross_entropy(y, model(x, training=True))


@dataclass
class Training:
    """The values by tensor name and step.

    Attributes:
        gradients: as the tape gave them; a sparse one as the whole tensor.
        weights: after the step.
        updates: after the step minus before.
        losses: by step.
    """

    gradients: dict[str, list[np.ndarray]] = field(default_factory=dict)
    weights: dict[str, list[np.ndarray]] = field(default_factory=dict)
    updates: dict[str, list[np.ndarray]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)

    def assert_matches(
        self, recorded: Any, rtol: float = 1e-4, kinds: str = "gradient weight update loss"
    ) -> None:
        """Compare every record of every row of these kinds."""
        losses = {"loss": self.losses}
        every = {"gradient": self.gradients, "weight": self.weights, "update": self.updates, "loss": losses}
        for kind in kinds.split():
            tensors = every[kind]
            assert set(recorded.tensors(kind)) == set(tensors)
            for name, values in tensors.items():
                # The first step has no update; differences of weights lose digits.
                update = kind == "update"
                recorded.assert_row(kind, name, values, 10 * rtol if update else rtol, first=int(update))


def names_of(model: Any) -> dict[str, Any]:
    """The trainable variables by row name."""
    return {_name(variable, model): variable for variable in model.trainable_variables}


def _name(variable: Any, model: Any) -> str:
    path = getattr(variable, "path", None) or variable.name.removesuffix(":0")
    return path.removeprefix(f"{model.name}/")


def train(
    model: Any,
    optimizer: Any,
    batches: Iterable[tuple[Any, Any]],
    loss_of: Callable[[Any, Any, Any], Any] = class_loss,
) -> Training:
    """Train a model in an eager loop, one step per batch."""
    done = Training()
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = loss_of(model, x, y)
        variables = names_of(model)
        gradients = tape.gradient(loss, list(variables.values()))
        before = {name: variable.numpy() for name, variable in variables.items()}
        optimizer.apply_gradients(zip(gradients, variables.values(), strict=True))
        done.losses.append(float(loss))
        for (name, variable), gradient in zip(variables.items(), gradients, strict=True):
            done.gradients.setdefault(name, []).append(tf.convert_to_tensor(gradient).numpy())
            done.weights.setdefault(name, []).append(variable.numpy())
            done.updates.setdefault(name, []).append(variable.numpy() - before[name])
    return done
