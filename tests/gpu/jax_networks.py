"""ResNet50 and a GPT-like network in JAX, and their training in bf16."""

import math
import tempfile
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import tb_gradhealth.jax as gradhealth

Tree = Any
RATE = 1e-4


def normal(key: int, *shape: int) -> jax.Array:
    """Random weights for so many inputs."""
    inputs = math.prod(shape[:-1])
    return jax.random.normal(jax.random.key(key), shape) * (2 / inputs) ** 0.5


def convolution(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
    """A convolution in bf16, channels last."""
    return jax.lax.conv_general_dilated(
        x, kernel.astype(jnp.bfloat16), (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def normalized(x: jax.Array, scale: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """Normalization over some axes, in float32."""
    wide = x.astype(jnp.float32)
    wide = (wide - wide.mean(axes, keepdims=True)) * jax.lax.rsqrt(wide.var(axes, keepdims=True) + 1e-5)
    return (wide * scale).astype(jnp.bfloat16)


def resnet50(width: int = 64, counts: tuple[int, ...] = (3, 4, 6, 3)) -> tuple[Tree, Callable[..., Any]]:
    """Parameters, and the function from them and images to scores and the layers' outputs."""
    params: dict[str, Any] = {"stem": {"kernel": normal(0, 7, 7, 3, width), "scale": jnp.ones(width)}}
    strides, before = {}, width
    for stage, count in enumerate(counts):
        for index in range(count):
            inner, name = width * 2**stage, f"block_{stage}_{index}"
            shapes = {"a": (1, 1, before, inner), "b": (3, 3, inner, inner), "c": (1, 1, inner, 4 * inner)}
            if before != 4 * inner:
                shapes["d"] = (1, 1, before, 4 * inner)
            for number, (part, shape) in enumerate(shapes.items()):
                kernel = normal(100 * stage + 10 * index + number, *shape)
                params[f"{name}_{part}"] = {"kernel": kernel, "scale": jnp.ones(shape[-1])}
            strides[name], before = 2 if stage and not index else 1, 4 * inner
    params["head"] = {"kernel": normal(1, before, 1000)}

    def apply(params: Tree, x: jax.Array) -> Any:
        outputs = {}

        def layer(name: str, x: jax.Array, stride: int = 1) -> jax.Array:
            y = convolution(x, params[name]["kernel"], stride)
            outputs[name] = normalized(y, params[name]["scale"], (0, 1, 2))
            return outputs[name]

        x = jax.nn.relu(layer("stem", x.astype(jnp.bfloat16), 2))
        for name, stride in strides.items():
            y = jax.nn.relu(layer(f"{name}_a", x))
            y = jax.nn.relu(layer(f"{name}_b", y, stride))
            y = layer(f"{name}_c", y)
            x = jax.nn.relu(y + (layer(f"{name}_d", x, stride) if f"{name}_d" in params else x))
        outputs["head"] = x.mean((1, 2)) @ params["head"]["kernel"].astype(jnp.bfloat16)
        return outputs["head"], outputs

    return params, apply


def gpt(
    blocks: int, size: int, heads: int, positions: int, vocabulary: int
) -> tuple[Tree, Callable[..., Any]]:
    """Parameters, and the function from them and tokens to scores and the layers' outputs."""
    params: dict[str, Any] = {
        "token": {"embedding": normal(0, vocabulary, size)},
        "position": {"embedding": normal(1, positions, size)},
        "head": {"kernel": normal(2, size, vocabulary)},
    }
    for index in range(blocks):
        shapes = {"attend": (size, 3 * size), "project": (size, size)}
        shapes |= {"widen": (size, 4 * size), "narrow": (4 * size, size)}
        for number, (part, shape) in enumerate(shapes.items()):
            params[f"block_{index}_{part}"] = {"kernel": normal(10 * index + number + 3, *shape)}
        params[f"block_{index}_norm"] = {"scale": jnp.ones([2, size])}

    def apply(params: Tree, tokens: jax.Array) -> Any:
        outputs = {}

        def layer(name: str, x: jax.Array) -> jax.Array:
            outputs[name] = x @ params[name]["kernel"].astype(jnp.bfloat16)
            return outputs[name]

        x = (params["token"]["embedding"][tokens] + params["position"]["embedding"]).astype(jnp.bfloat16)
        for index in range(blocks):
            name = f"block_{index}"
            scale = params[f"{name}_norm"]["scale"]
            joined = layer(f"{name}_attend", normalized(x, scale[0], (-1,)))
            shape = (*x.shape[:2], heads, size // heads)
            q, k, v = (part.reshape(shape) for part in jnp.split(joined, 3, -1))
            mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
            x = x + layer(f"{name}_project", mixed.reshape(x.shape))
            wide = jax.nn.gelu(layer(f"{name}_widen", normalized(x, scale[1], (-1,))))
            x = x + layer(f"{name}_narrow", wide)
        return layer("head", x), outputs

    return params, apply


class Training:
    """A network in training on one batch, in bf16.

    Attributes:
        number: steps so far.
        log_dir: where it is recorded.
    """

    def __init__(self, name: str, batch: int, tiny: bool, recorded: bool) -> None:
        """Make it.

        Args:
            name: ``"ResNet50"`` or ``"GPT"``.
            batch: samples of a batch.
            tiny: whether the network is tiny.
            recorded: whether it is recorded.
        """
        random = np.random.default_rng(0)
        if name == "ResNet50":
            params, apply = resnet50(4, (1,)) if tiny else resnet50()
            side = 32 if tiny else 224
            data: Any = (
                random.normal(size=[batch, side, side, 3]).astype(np.float32),
                random.integers(0, 1000, batch),
            )
        else:
            sizes = (1, 32, 2, 16, 64) if tiny else (12, 768, 12, 1024, 50304)
            params, apply = gpt(*sizes)
            tokens = random.integers(0, sizes[-1], [batch, sizes[3] + 1])
            data = (tokens[:, :-1], tokens[:, 1:])
        self._data = jax.device_put(data)

        def loss_fn(params: Tree, x: jax.Array, y: jax.Array) -> Any:
            scores, outputs = apply(params, x)
            chances = jax.nn.log_softmax(scores.astype(jnp.float32))
            return -jnp.take_along_axis(chances, y[..., None], -1).mean(), outputs

        watch = gradhealth.Watch.of(loss_fn, params, *self._data) if recorded else None

        def step(params: Tree, state: Any, x: jax.Array, y: jax.Array) -> Any:
            (loss, outputs), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, x, y)
            new = jax.tree.map(lambda each, gradient: each - RATE * gradient, params, grads)
            if watch is not None:
                state = watch.observe(
                    state, grads=grads, params=new, previous=params, loss=loss, activations=outputs
                )
            return new, state

        self._step = jax.jit(step, donate_argnums=(0, 1))
        self._params, self._state = params, watch.init() if watch is not None else None
        self._recorder, self.number = None, 0
        if watch is not None:
            self.log_dir = tempfile.mkdtemp()
            self._recorder = gradhealth.Recorder(self.log_dir, watch, overhead=None)

    def step(self) -> None:
        """Run a step, without waiting for the device."""
        self._params, self._state = self._step(self._params, self._state, *self._data)
        if self._recorder is not None:
            self._state = self._recorder.write(self._state, self.number)
        self.number += 1

    def wait(self) -> None:
        """Wait for the device."""
        jax.block_until_ready(self._params)

    def close(self) -> None:
        """End the recording."""
        if self._recorder is not None:
            self._recorder.close()
