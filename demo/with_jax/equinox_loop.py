"""Grad Health with Equinox: the model returns the outputs of its layers."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import optax

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.demo.with_jax.digits import CLASSES, PIXELS, batches, main


class Classifier(eqx.Module):
    """Three dense layers, and a normalization."""

    first: eqx.nn.Linear
    norm: eqx.nn.LayerNorm
    second: eqx.nn.Linear
    scores: eqx.nn.Linear

    def __init__(self, key: jax.Array) -> None:
        keys = jax.random.split(key, 3)
        self.first = eqx.nn.Linear(PIXELS, 64, key=keys[0])
        self.norm = eqx.nn.LayerNorm(64)
        self.second = eqx.nn.Linear(64, 32, key=keys[1])
        self.scores = eqx.nn.Linear(32, CLASSES, key=keys[2])

    def __call__(self, image: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The scores of the classes, [10], and the outputs of the layers by their names."""
        outputs = {"first": jax.nn.relu(self.first(image))}
        outputs["norm"] = self.norm(outputs["first"])
        outputs["second"] = jax.nn.relu(self.second(outputs["norm"]))
        outputs["scores"] = self.scores(outputs["second"])
        return outputs["scores"], outputs


def loss_fn(model: Classifier, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
    """The loss, and the outputs of the layers."""
    scores, outputs = jax.vmap(model)(images)
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean(), outputs


def train(log_dir: Path, steps: int = 200) -> None:
    """Train a classifier, and record it."""
    model, optimizer = Classifier(jax.random.key(0)), optax.adam(1e-3)
    images, labels = next(batches(1))
    watch = gradhealth.Watch.of(loss_fn, model, images, labels, inputs=images, targets=labels)

    @eqx.filter_jit(donate="all-except-first")  # the model is also measured before the step
    def step(model: Any, opt_state: Any, state: Any, images: jax.Array, labels: jax.Array) -> Any:
        (loss, outputs), grads = eqx.filter_value_and_grad(loss_fn, has_aux=True)(model, images, labels)
        updates, opt_state = optimizer.update(grads, opt_state, eqx.filter(model, eqx.is_inexact_array))
        new = eqx.apply_updates(model, updates)
        state = watch.observe(
            state,
            grads=grads,
            params=new,
            previous=model,
            loss=loss,
            activations=outputs,
            inputs=images,
            targets=labels,
        )
        return new, opt_state, state

    state, opt_state = watch.init(), optimizer.init(eqx.filter(model, eqx.is_inexact_array))
    with gradhealth.Recorder(log_dir, watch, settings={"optimizer": "adam"}) as recorder:
        for number, (images, labels) in enumerate(batches(steps)):
            model, opt_state, state = step(model, opt_state, state, images, labels)
            state = recorder.write(state, number)


if __name__ == "__main__":
    main(train)
