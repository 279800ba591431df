"""Grad Health with Flax NNX: ``nnx.capture`` collects the outputs of all layers."""

from pathlib import Path
from typing import Any

import jax
import optax
from flax import nnx

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.demo.with_jax.digits import CLASSES, PIXELS, batches, main


class Classifier(nnx.Module):
    """Three dense layers."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(PIXELS, 64, rngs=rngs)
        self.norm = nnx.BatchNorm(64, rngs=rngs)
        self.second = nnx.Linear(64, 32, rngs=rngs)
        self.scores = nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes, [samples, 10]."""
        hidden = nnx.relu(self.norm(self.first(images)))
        return self.scores(nnx.relu(self.second(hidden)))


def loss_fn(model: Classifier, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
    """The loss, and the outputs of all layers."""
    forward = nnx.capture(model, nnx.Intermediate, method_outputs=nnx.Intermediate)
    scores, outputs = forward(images)
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean(), outputs


def train(log_dir: Path, steps: int = 200) -> None:
    """Train a classifier, and record it."""
    model = Classifier(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    images, labels = next(batches(1))
    graph, params, others = nnx.split(model, nnx.Param, ...)

    def loss_of(params: Any, others: Any, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
        return loss_fn(nnx.merge(graph, params, others), images, labels)

    watch = gradhealth.Watch.of(loss_of, params, others, images, labels, inputs=images, targets=labels)

    @nnx.jit
    def step(model: Any, optimizer: Any, state: Any, images: jax.Array, labels: jax.Array) -> Any:
        previous = nnx.clone(nnx.state(model, nnx.Param))  # the optimizer changes the variables in place
        (loss, outputs), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, images, labels)
        optimizer.update(model, grads)
        return watch.observe(
            state,
            grads=grads,
            params=nnx.state(model, nnx.Param),
            previous=previous,
            loss=loss,
            activations=outputs,
            inputs=images,
            targets=labels,
        )

    state = watch.init()
    with gradhealth.Recorder(log_dir, watch, settings={"optimizer": "adam"}) as recorder:
        for number, (images, labels) in enumerate(batches(steps)):
            state = step(model, optimizer, state, images, labels)
            state = recorder.write(state, number)


if __name__ == "__main__":
    main(train)
