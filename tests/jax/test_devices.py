"""Several devices: one step over sharded arrays, `shard_map` and `pmap`."""

from functools import partial

import jax
import jax_training as training
import numpy as np
import optax
import pytest
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P
from recorded import Recorded

import tb_gradhealth.jax as gradhealth

STEPS = 12


@pytest.fixture
def mesh():
    return jax.make_mesh((4,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))


@pytest.fixture
def parts():
    return training.batches(STEPS)


def assert_recorded(log_dir, parts, activations=None):
    """Compare the records with the training in NumPy; ``activations`` are the samples that are measured."""
    expected = training.in_numpy(training.network(), parts)
    for name, values in expected.activations.items():
        expected.activations[name] = [each[activations] for each in values]
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 5, 10]
    expected.assert_matches(recorded)
    assert list(recorded.flight("loss", "loss")) == list(range(STEPS))


def test_sharded_arrays(log_dir, parts, mesh):
    params = training.network()
    places = {
        "first": {"kernel": P(None, "data"), "bias": P()},
        "second": {"kernel": P("data"), "bias": P()},
    }
    params = jax.tree.map(lambda leaf, spec: jax.device_put(leaf, NamedSharding(mesh, spec)), params, places)
    parts_on_devices = [
        jax.tree.map(lambda each: jax.device_put(each, NamedSharding(mesh, P("data"))), part)
        for part in parts
    ]
    placement = jax.tree.map(lambda leaf: leaf.sharding, params), None, None
    compiled = partial(jax.jit, out_shardings=placement)
    _, step = training.train(log_dir, parts_on_devices, params=params, compiled=compiled, every=5)
    assert step._cache_size() == 1
    assert_recorded(log_dir, parts, slice(None))


def averaged(watch, optimizer):
    """A step inside mapped devices, which average the gradients."""

    def step(params, opt_state, state, batch):
        (loss, activations), grads = jax.value_and_grad(training.loss_fn, has_aux=True)(params, batch)
        grads, loss = jax.lax.pmean((grads, loss), "data")
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        state = watch.observe(
            state, grads=grads, params=new, previous=params, loss=loss, activations=activations
        )
        return new, opt_state, state

    return step


def of_one_device(parts):
    return jax.tree.map(lambda each: each[: training.BATCH // 4], parts[0])


def test_shard_map(log_dir, parts, mesh):
    params, optimizer = training.network(), optax.sgd(training.RATE)
    watch = gradhealth.Watch.of(training.loss_fn, params, of_one_device(parts), every=5, axis_name="data")
    replicated = (P(), P(), P())

    # The gradient of replicated parameters is summed over the devices already, unless they vary.
    def step(params, opt_state, state, batch):
        varying = jax.lax.pcast(params, "data", to="varying")
        (loss, activations), grads = jax.value_and_grad(training.loss_fn, has_aux=True)(varying, batch)
        grads, loss = jax.lax.pmean((grads, loss), "data")
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        state = watch.observe(
            state, grads=grads, params=new, previous=params, loss=loss, activations=activations
        )
        return new, opt_state, state

    mapped = jax.shard_map(step, mesh=mesh, in_specs=(*replicated, P("data")), out_specs=replicated)
    training.train(log_dir, parts, watch=watch, optimizer=optimizer, compiled=lambda _: jax.jit(mapped))
    assert_recorded(log_dir, parts, slice(0, training.BATCH // 4))


@pytest.mark.parametrize("axis_name", ["data", None])
def test_pmap(log_dir, parts, axis_name):
    params, optimizer = training.network(), optax.sgd(training.RATE)
    watch = gradhealth.Watch.of(training.loss_fn, params, of_one_device(parts), every=5, axis_name=axis_name)
    step = jax.pmap(averaged(watch, optimizer), axis_name="data", devices=jax.devices()[:4])
    stack = partial(jax.tree.map, lambda leaf: np.stack([leaf] * 4))
    params, opt_state, state = stack(params), stack(optimizer.init(params)), stack(watch.init())
    with gradhealth.Recorder(log_dir, watch) as recorder:
        for number, batch in enumerate(parts):
            batch = jax.tree.map(lambda each: each.reshape(4, -1, *each.shape[1:]), batch)
            params, opt_state, state = step(params, opt_state, state, batch)
            state = recorder.write(state, number)
    assert_recorded(log_dir, parts, slice(0, training.BATCH // 4))


def test_a_fault_on_another_device_trips(log_dir, parts, mesh):
    parts[7][0][-1, 0] = np.nan
    params, optimizer = training.network(), optax.sgd(training.RATE)
    watch = gradhealth.Watch.of(training.loss_fn, params, of_one_device(parts), every=5, axis_name="data")
    replicated = (P(), P(), P())
    mapped = jax.shard_map(
        averaged(watch, optimizer), mesh=mesh, in_specs=(*replicated, P("data")), out_specs=replicated
    )
    training.train(log_dir, parts, watch=watch, optimizer=optimizer, compiled=lambda _: jax.jit(mapped))
    recorded = Recorded(log_dir)
    assert 7 in recorded.steps
    assert np.isnan(recorded.flight("activation", "first")[7]), "that of the last device"
