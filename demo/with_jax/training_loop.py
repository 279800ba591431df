"""Grad Health in a training of Flax NNX: `Watch` observes the compiled step, `Recorder` writes after it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import optax
from flax import nnx

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.demo.images import batches
from tb_gradhealth.demo.trainings import Training


def loss_fn(model: nnx.Module, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
    """The loss, and the outputs of all layers."""
    forward = nnx.capture(model, nnx.Intermediate, method_outputs=nnx.Intermediate)
    logits, outputs = forward(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), outputs


def train(
    model: nnx.Module,
    optimizer: nnx.Optimizer,
    training: Training,
    log_dir: Path,
    on_step: Callable[[], None],
) -> None:
    """Train one network of the demo."""
    images, labels = batches(training.steps, spoil=training.spoil, at=training.spoiled_step)
    graph, params, others = nnx.split(model, nnx.Param, ...)

    def loss_of(params: Any, others: Any, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
        return loss_fn(nnx.merge(graph, params, others), images, labels)

    watch = gradhealth.Watch.of(loss_of, params, others, images[0], labels[0], inputs=images[0])

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
        )

    state = watch.init()
    settings = {"optimizer": training.optimizer, "learning_rate": training.learning_rate}
    with gradhealth.Recorder(log_dir, watch, settings=settings, overhead=None) as recorder:
        for number, (x, y) in enumerate(zip(images, labels, strict=True)):
            state = step(model, optimizer, state, x, y)
            state = recorder.write(state, number)
            on_step()
