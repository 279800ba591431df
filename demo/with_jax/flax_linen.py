"""Grad Health with Flax Linen: ``capture_intermediates`` collects the outputs of all layers."""

from functools import partial
from pathlib import Path
from typing import Any

import jax
import optax
from flax import linen as nn

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.demo.with_jax.digits import CLASSES, batches, main


class Classifier(nn.Module):
    """Three dense layers."""

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        """The scores of the classes, [samples, 10]."""
        hidden = nn.relu(nn.Dense(64)(images))
        hidden = nn.relu(nn.Dense(32)(nn.LayerNorm()(hidden)))
        return nn.Dense(CLASSES)(hidden)


def train(log_dir: Path, steps: int = 200) -> None:
    """Train a classifier, and record it."""
    model, optimizer = Classifier(), optax.adam(1e-3)
    images, labels = next(batches(1))
    params = model.init(jax.random.key(0), images)["params"]

    def loss_fn(params: Any, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
        scores, collected = model.apply(
            {"params": params}, images, capture_intermediates=True, mutable=["intermediates"]
        )
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, labels)
        return losses.mean(), collected["intermediates"]

    watch = gradhealth.Watch.of(loss_fn, params, images, labels, inputs=images, targets=labels)

    @partial(jax.jit, donate_argnums=(1, 2))  # the parameters are also measured before the step
    def step(params: Any, opt_state: Any, state: Any, images: jax.Array, labels: jax.Array) -> Any:
        (loss, outputs), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, images, labels)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        state = watch.observe(
            state,
            grads=grads,
            params=new,
            previous=params,
            loss=loss,
            activations=outputs,
            inputs=images,
            targets=labels,
        )
        return new, opt_state, state

    state, opt_state = watch.init(), optimizer.init(params)
    with gradhealth.Recorder(log_dir, watch, settings={"optimizer": "adam"}) as recorder:
        for number, (images, labels) in enumerate(batches(steps)):
            params, opt_state, state = step(params, opt_state, state, images, labels)
            state = recorder.write(state, number)


if __name__ == "__main__":
    main(train)
