"""The numbers in the records are those of the same training in NumPy, or written out by hand."""

from functools import partial

import jax
import jax.numpy as jnp
import jax_training as training
import numpy as np
import pytest
from recorded import Recorded, statistics

import tb_gradhealth.jax as gradhealth

WAYS = {
    "eager": (lambda step: step, "previous"),
    "compiled": (jax.jit, "updates"),
    "donated": (partial(jax.jit, donate_argnums=(0, 1, 2)), "previous"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_dense_network_in_float64(log_dir, way):
    parts = training.batches(4)
    expected = training.in_numpy(training.network(), parts)
    (x, y), (compiled, by) = parts[0], WAYS[way]
    training.train(log_dir, parts, compiled=compiled, by=by, every=1, inputs=x, targets=y)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 1, 2, 3]
    expected.assert_matches(recorded)
    recorded.assert_row("input", "input", [x for x, _ in parts])
    recorded.assert_row("target", "target", [y for _, y in parts])


def test_the_flight_recorder_has_every_step(log_dir):
    parts = training.batches(25)
    expected = training.in_numpy(training.network(), parts)
    training.train(log_dir, parts)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 10, 20]
    for kind, values in (("gradient", expected.gradients), ("weight", expected.weights)):
        for name, steps in values.items():
            flight = recorded.flight(kind, name)
            assert list(flight) == list(range(25))
            rms = [statistics(step)["rms"] for step in steps]
            np.testing.assert_allclose(list(flight.values()), rms, rtol=1e-4)
    np.testing.assert_allclose(list(recorded.flight("loss", "loss").values()), expected.losses, rtol=1e-4)
    peaks = [np.abs(each).max() for each in expected.activations["first"]]
    np.testing.assert_allclose(list(recorded.flight("activation", "first").values()), peaks, rtol=1e-4)
    largest = recorded.column("gradient", "first/kernel", "peak_rms")
    rms = [statistics(step)["rms"] for step in expected.gradients["first/kernel"]]
    np.testing.assert_allclose([largest[10], largest[20]], [max(rms[1:11]), max(rms[11:21])], rtol=1e-4)


@pytest.fixture
def float64():
    """JAX computes in float64 during the test."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def test_float64(log_dir, float64):
    parts = [tuple(each.astype(np.float64) for each in part) for part in training.batches(4)]
    params = training.network(dtype=np.float64)
    expected = training.in_numpy(params, parts)
    _, step = training.train(log_dir, parts, params=params, every=1)
    assert step._cache_size() == 1
    recorded = Recorded(log_dir)
    assert recorded.row("gradient", "first/bias").dtype == "float64"
    expected.assert_matches(recorded)


def test_complex_numbers_are_measured_as_real_and_imaginary_parts(log_dir):
    random = np.random.default_rng(1)
    weight = jnp.asarray(random.normal(size=[6, 3]) + 1j * random.normal(size=[6, 3]), jnp.complex64)

    def loss_fn(params, batch):
        return jnp.mean(jnp.abs(batch[0] @ params["spectral"]["kernel"]) ** 2), {}

    params = {"spectral": {"kernel": weight}}
    after, _ = training.train(
        log_dir, training.batches(1), params=params, function=loss_fn, every=1, compiled=jax.jit
    )
    after = np.asarray(after["spectral"]["kernel"])
    Recorded(log_dir).assert_row("weight", "spectral/kernel", [np.stack([after.real, after.imag])])


def observed(log_dir, values, every=1, **options):
    """Record steps whose gradients and parameters are given: trees by step."""
    watch = gradhealth.Watch(values[0], every=every, **options)
    state = watch.init()
    step = jax.jit(
        lambda state, params, before: watch.observe(state, grads=params, params=params, previous=before)
    )
    with gradhealth.Recorder(log_dir, watch) as recorder:
        for number, params in enumerate(values):
            state = step(state, params, values[max(number - 1, 0)])
            state = recorder.write(state, number)
    return Recorded(log_dir)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(log_dir, dtype):
    random = np.random.default_rng(2)
    steps = [{"layer": {"kernel": jnp.asarray(random.normal(size=[90, 70]), dtype)}} for _ in range(2)]
    recorded = observed(log_dir, steps)
    assert recorded.row("weight", "layer/kernel").dtype == dtype
    values = [np.array(step["layer"]["kernel"], np.float64) for step in steps]
    for kind in ("gradient", "weight"):
        for name in ("rms", "mean", "minimum", "maximum"):
            expected = [statistics(each)[name] for each in values]
            recorded.assert_number(kind, "layer/kernel", expected, name)
    rms = statistics(values[1] - values[0])["rms"]
    np.testing.assert_allclose(recorded.column("update", "layer/kernel", "rms")[1], rms, rtol=1e-4)


def test_faults_in_large_and_small_tensors_are_counted(log_dir):
    random = np.random.default_rng(2)
    steps = []
    for spoiled in (False, True, False):
        params = {
            "large": {"kernel": random.normal(size=[100, 100]).astype(np.float32)},
            "small": {"bias": random.normal(size=[7]).astype(np.float32)},
        }
        if spoiled:
            params["large"]["kernel"][0, :3] = np.nan, np.inf, -np.inf
            params["small"]["bias"][0] = np.nan
        steps.append(params)
    recorded = observed(log_dir, steps)
    for name, nans, infinities in (("large/kernel", 1, 2), ("small/bias", 1, 0)):
        assert list(recorded.column("weight", name, "nan_count").values()) == [0, nans, 0]
        assert list(recorded.column("weight", name, "inf_count").values()) == [0, infinities, 0]
    values = steps[1]["large"]["kernel"]
    expected = statistics(values[np.isfinite(values)])
    for name in ("rms", "mean", "minimum", "maximum"):
        np.testing.assert_allclose(
            recorded.column("weight", "large/kernel", name)[1], expected[name], rtol=1e-4
        )


@pytest.mark.parametrize("size", [1e25, 1e-25])
@pytest.mark.parametrize("shape", [(10,), (80, 80)])
def test_numbers_whose_squares_overflow_or_vanish_are_exact(log_dir, size, shape):
    values = np.random.default_rng(4).normal(size=shape) * size
    recorded = observed(log_dir, [{"layer": {"kernel": values.astype(np.float32)}}])
    for name in ("rms", "mean", "maximum"):
        got = recorded.column("weight", "layer/kernel", name)[0]
        np.testing.assert_allclose(got, statistics(values)[name], rtol=1e-4)


def test_a_large_sum_keeps_its_digits(log_dir):
    values = np.random.default_rng(4).uniform(1, 2, size=[3000, 1001]).astype(np.float32)
    recorded = observed(log_dir, [{"layer": {"kernel": values}}], updates="none")
    for name in ("rms", "mean"):
        got = recorded.column("weight", "layer/kernel", name)[0]
        np.testing.assert_allclose(got, statistics(values)[name], rtol=1e-5)
    assert recorded.reasons("update")["layer/kernel"] == 'not asked for: updates="none"'


def test_sampled_updates(log_dir):
    random = np.random.default_rng(4)
    steps = [{"layer": {"kernel": random.normal(size=[1100, 1000]).astype(np.float32)}} for _ in range(2)]
    recorded = observed(log_dir, steps)
    assert recorded.row("update", "layer/kernel").sampled == 65536
    difference = steps[1]["layer"]["kernel"] - steps[0]["layer"]["kernel"]
    got = recorded.column("update", "layer/kernel", "rms")[1]
    np.testing.assert_allclose(got, statistics(difference)["rms"], rtol=0.02)


def test_a_batch_that_is_larger_than_the_sample(log_dir):
    values = np.random.default_rng(4).normal(size=[64, 40, 60]).astype(np.float32)
    values[50, 0, 0] = np.inf
    params = {"layer": {"kernel": np.ones([3, 3], np.float32)}}
    watch = gradhealth.Watch(params, activations={"layer": values}, functions={"layer": "relu"})
    state = watch.observe(watch.init(), grads=params, params=params, activations={"layer": values})
    with gradhealth.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)
    recorded = Recorded(log_dir)
    measured = values[: 65536 // (40 * 60)]
    np.testing.assert_allclose(
        recorded.column("activation", "layer", "rms")[0], statistics(measured)["rms"], rtol=1e-4
    )
    assert recorded.column("activation", "layer", "inf_count")[0] == 1
    finite = values[np.isfinite(values)]
    np.testing.assert_allclose(recorded.column("activation", "layer", "maximum")[0], finite.max())
