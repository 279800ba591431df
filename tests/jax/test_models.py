"""Names, roles, order and origins of the tensors of Flax, Haiku and Equinox models."""

from importlib import import_module
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn
from flax import nnx
from recorded import Recorded, statistics

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor

DIGITS = {
    "flax_linen": ["Dense_0", "LayerNorm_0", "Dense_1", "Dense_2"],
    "flax_nnx": ["first", "norm", "second", "scores"],
    "equinox_loop": ["first", "norm", "second", "scores"],
}


@pytest.mark.parametrize("example", DIGITS)
def test_the_examples(log_dir, example):
    import_module(f"tb_gradhealth.demo.with_jax.{example}").train(log_dir, 40)
    recorded, layers = Recorded(log_dir), DIGITS[example]
    assert recorded.tensors("activation") == layers
    rows = recorded.records[-1].table.rows
    assert [row.inputs for row in rows if row.kind == "activation"] == [
        (name,) for name in ["input", *layers[:-1]]
    ]
    assert {row.layer: row.depth for row in rows if row.kind == "weight"} == {
        layer: depth for depth, layer in enumerate(layers)
    }
    assert [row.tensor for row in rows if row.kind == "activation" and row.output] == layers[-1:]
    roles = {row.role for row in rows if row.kind == "weight"}
    assert roles == {"kernel", "bias", "norm"}
    for name in recorded.tensors("update"):
        assert all(value > 0 for value in recorded.column("update", name, "rms").values()), name
    relu = [row.tensor for row in rows if row.kind == "activation" and row.activation == "relu"]
    assert len(relu) == 2
    assert np.isfinite(recorded.column("activation", relu[-1], "dead_fraction")[30])
    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (run,) = snapshot.runs.values()
        assert run.health.assessment().verdict == "healthy"


def rows_of(params, kind="weight", **options):
    watch = gradhealth.Watch(params, **options)
    return {row.tensor: row for row in watch.selection.rows if row.kind == kind}


def test_roles_of_haiku_like_trees():
    params = {
        "mlp/~/linear_10": {"w": np.ones([4, 4]), "b": np.ones(4)},
        "mlp/~/linear_2": {"w": np.ones([4, 4]), "b": np.ones(4)},
        "mlp/~/layer_norm": {"scale": np.ones(4), "offset": np.ones(4)},
        "embed": {"embeddings": np.ones([9, 4])},
        "lstm/linear": {"w_i": np.ones([4, 4]), "w_h": np.ones([4, 4])},
    }
    roles = {name: row.role for name, row in rows_of(params).items()}
    assert roles == {
        "embed/embeddings": "embedding",
        "lstm/linear/w_h": "recurrent",
        "lstm/linear/w_i": "kernel",
        "mlp/layer_norm/offset": "norm",
        "mlp/layer_norm/scale": "norm",
        "mlp/linear_2/b": "bias",
        "mlp/linear_2/w": "kernel",
        "mlp/linear_10/b": "bias",
        "mlp/linear_10/w": "kernel",
    }
    depths = {row.layer: row.depth for row in rows_of(params).values()}
    assert depths["mlp/linear_2"] < depths["mlp/linear_10"]


class Recurrent(nn.Module):
    @nn.compact
    def __call__(self, tokens):
        embedded = nn.Embed(20, 8)(tokens)
        hidden = nn.RNN(nn.OptimizedLSTMCell(6))(embedded)
        return nn.Dense(2)(nn.MultiHeadDotProductAttention(2)(hidden))


def test_roles_of_flax_linen():
    tokens = jnp.zeros([2, 5], jnp.int32)
    model = Recurrent()
    params = model.init(jax.random.key(0), tokens)["params"]
    roles = {name: row.role for name, row in rows_of(params).items()}
    assert roles["Embed_0/embedding"] == "embedding"
    assert {role for name, role in roles.items() if "/h" in name and "kernel" in name} == {"recurrent"}
    assert {role for name, role in roles.items() if "/i" in name} == {"kernel"}
    assert roles["MultiHeadDotProductAttention_0/query/kernel"] == "kernel"

    def loss_fn(params, tokens):
        out, collected = model.apply(
            {"params": params}, tokens, capture_intermediates=True, mutable=["intermediates"]
        )
        return out.mean(), collected

    watch = gradhealth.Watch.of(loss_fn, params, tokens, inputs=tokens)
    rows = {row.tensor: row for row in watch.selection.rows if row.kind == "activation"}
    assert rows["Embed_0"].inputs == ("input",)
    assert rows["Dense_0"].inputs == ("MultiHeadDotProductAttention_0",)
    assert rows["Embed_0"].depth < rows["Dense_0"].depth
    assert not watch.selection.features, "indices of an embedding have no features"


def test_roles_of_equinox_and_leaves_that_are_no_arrays():
    class Model(eqx.Module):
        embedding: eqx.nn.Embedding
        cell: eqx.nn.GRUCell
        norm: eqx.nn.LayerNorm
        mlp: eqx.nn.MLP
        steps: jax.Array

    keys = jax.random.split(jax.random.key(0), 3)
    model = Model(
        eqx.nn.Embedding(9, 4, key=keys[0]),
        eqx.nn.GRUCell(4, 4, key=keys[1]),
        eqx.nn.LayerNorm(4),
        eqx.nn.MLP(4, 2, 4, 1, key=keys[2]),
        jnp.zeros([], jnp.int32),
    )
    roles = {name: row.role for name, row in rows_of(model).items()}
    assert roles == {
        "embedding/weight": "embedding",
        "cell/weight_ih": "kernel",
        "cell/weight_hh": "recurrent",
        "cell/bias": "bias",
        "cell/bias_n": "bias",
        "norm/weight": "norm",
        "norm/bias": "bias",
        "mlp/layers/0/weight": "kernel",
        "mlp/layers/0/bias": "bias",
        "mlp/layers/1/weight": "kernel",
        "mlp/layers/1/bias": "bias",
    }


class Sowing(nn.Module):
    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(4)
        x = jnp.tanh(layer(x))
        x = layer(x)
        self.sow("intermediates", "inner", x)
        return nn.Dense(2)(x)


def test_what_sow_collects_and_a_layer_that_is_called_twice(log_dir):
    x = np.random.default_rng(1).normal(size=[3, 4]).astype(np.float32)
    model = Sowing()
    params = model.init(jax.random.key(0), x)["params"]
    _, collected = model.apply({"params": params}, x, capture_intermediates=True, mutable=["intermediates"])
    watch = gradhealth.Watch(params, activations=collected, every=1)
    state = watch.observe(watch.init(), grads=params, params=params, activations=collected)
    with gradhealth.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)
    recorded = Recorded(log_dir)
    assert sorted(recorded.tensors("activation")) == ["Dense_0", "Dense_0_2", "Dense_1", "inner", "output"]
    kernel, bias = (np.asarray(params["Dense_0"][name], np.float64) for name in ("kernel", "bias"))
    first = x @ kernel + bias
    recorded.assert_row("activation", "Dense_0", [first])
    recorded.assert_row("activation", "Dense_0_2", [np.tanh(first) @ kernel + bias])
    recorded.assert_row("activation", "inner", [np.tanh(first) @ kernel + bias])


def test_the_optimizer_of_nnx_changes_variables_in_place(log_dir):
    x = np.random.default_rng(1).normal(size=[3, 4]).astype(np.float32)
    model = nnx.Linear(4, 2, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(0.5), wrt=nnx.Param)
    watch = gradhealth.Watch(nnx.state(model, nnx.Param), every=1)

    @nnx.jit
    def step(model, optimizer, state, x):
        previous = nnx.clone(nnx.state(model, nnx.Param))
        loss, grads = nnx.value_and_grad(lambda model, x: jnp.mean(model(x) ** 2))(model, x)
        optimizer.update(model, grads)
        params = nnx.state(model, nnx.Param)
        return watch.observe(state, grads=grads, params=params, previous=previous, loss=loss)

    weights, state = [np.array(model.kernel[...], np.float64)], watch.init()
    with gradhealth.Recorder(log_dir, watch) as recorder:
        for number in range(3):
            state = step(model, optimizer, state, x)
            state = recorder.write(state, number)
            weights.append(np.array(model.kernel[...], np.float64))
    recorded = Recorded(log_dir)
    recorded.assert_row("weight", "kernel", weights[1:])
    updates = [statistics(after - before)["rms"] for before, after in pairwise(weights)]
    recorded.assert_number("update", "kernel", updates, "rms", rtol=1e-3)


FUNCTIONS = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "tanh": jnp.tanh,
    "softsign": jax.nn.soft_sign,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("inside", [False, True])
def test_activation_functions(name, inside):
    """They are found if the layer's output is their result, and if they are applied to it later."""
    params = {"first": {"w": np.ones([4, 4])}, "second": {"w": np.ones([4, 4])}}

    def loss_fn(params, x):
        before = x @ params["first"]["w"]
        after = FUNCTIONS[name](before)
        return jnp.mean(after @ params["second"]["w"]), {"first": after if inside else before}

    x = np.random.default_rng(1).normal(size=[3, 4]).astype(np.float32)
    selection = gradhealth.Watch.of(loss_fn, params, x).selection
    (row,) = (row for row in selection.rows if row.kind == "activation")
    assert row.activation == name
    if not inside:
        np.testing.assert_allclose(selection.functions["first"](x), FUNCTIONS[name](x), rtol=1e-6)


def test_the_order_of_calls_is_that_of_the_trace():
    params = {"a": {"w": np.ones([4, 4])}, "b": {"w": np.ones([4, 4])}, "c": {"w": np.ones([4, 4])}}

    def loss_fn(params, x):
        hidden = x
        for name in ("c", "a", "b"):
            hidden = jax.checkpoint(jnp.dot)(hidden, params[name]["w"].astype(jnp.bfloat16))
        return jnp.mean(hidden.astype(jnp.float32))

    x = jax.ShapeDtypeStruct([2, 4], jnp.bfloat16)
    known = {row.layer: row.depth for row in gradhealth.Watch.of(loss_fn, params, x).selection.rows}
    assert [known[name] for name in "cab"] == [0, 1, 2]
    unknown = {row.layer: row.depth for row in gradhealth.Watch(params).selection.rows}
    assert [unknown[name] for name in "abc"] == [0, 1, 2], "the order of the tree"


def test_residuals_and_gaps():
    params = {"a": {"w": np.ones([4, 4])}, "b": {"w": np.ones([4, 4])}}

    def loss_fn(params, x):
        first = x @ params["a"]["w"]
        second = jnp.cumsum(first + x, axis=1) @ params["b"]["w"]
        return jnp.mean(second), {"a": first, "b": second}

    x = np.ones([2, 4], np.float32)
    rows = gradhealth.Watch.of(loss_fn, params, x, inputs={"pixels": x}).selection.rows
    first, second = (row for row in rows if row.kind == "activation")
    assert (first.inputs, first.between) == (("pixels",), "")
    assert set(second.inputs) == {"a", "pixels"}
    assert "cumsum" in second.between


def test_an_empty_tensor_has_its_reason():
    params = {"none": {"kernel": np.ones([0, 4])}, "some": {"kernel": np.ones([4, 4])}}
    rows = rows_of(params)
    assert rows["none/kernel"].not_measured == "it has no elements"
    watch = gradhealth.Watch(params)
    watch.observe(watch.init(), grads=params, params=params)
