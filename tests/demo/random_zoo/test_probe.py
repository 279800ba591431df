"""The probe on trainings whose gradients are known in closed form."""

import keras
import numpy as np
import pytest

from tb_gradhealth.demo.random_zoo.probe import Batches, Probe
from tb_gradhealth.demo.random_zoo.tasks import Head, Task
from tb_gradhealth.demo.random_zoo.truth import truth_of

pytestmark = pytest.mark.training

STEPS, BATCH, RATE = 60, 8, 0.1


@pytest.fixture
def line():
    """Numbers that are three times their inputs."""
    inputs = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    values = inputs @ np.array([[3.0], [-1.0]], np.float32)
    return Task(inputs, (Head("numbers", values, 1),))


def probed(task, build, spoil=None):
    """Train by plain gradient descent; the model, its batches and what was measured."""
    model = build()
    keras.config.set_dtype_policy("float64")
    twin = build()
    keras.config.set_dtype_policy("float32")
    chosen = np.random.default_rng(1).integers(0, len(task.inputs), (STEPS, BATCH))
    batches = Batches(task.inputs[chosen], (task.heads[0].targets[chosen],))
    if spoil is not None:
        spoil(batches.inputs)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    start = [weight.copy() for weight in model.get_weights()]
    probe = Probe(model, twin, [keras.losses.MeanSquaredError(dtype="float64")], task, batches)
    x, y = batches.inputs.reshape(-1, 2), batches.targets[0].reshape(-1, 1)
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[probe])
    return start, batches, probe.measurements(constant_loss=float(task.heads[0].targets.var()))


def linear():
    inputs = keras.layers.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(1, use_bias=False, name="out")(inputs))


def hidden(bias):
    inputs = keras.layers.Input((2,))
    kept = keras.initializers.Constant(bias)
    body = keras.layers.Dense(8, activation="relu", bias_initializer=kept, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="out")(body))


def test_losses_gradients_and_weights_are_those_of_the_closed_form(line):
    (kernel,), batches, measured = probed(line, linear)
    kernel = kernel.astype(np.float64)
    for step in range(STEPS):
        inputs, targets = batches.inputs[step].astype(np.float64), batches.targets[0][step]
        error = inputs @ kernel - targets
        gradient = 2 * inputs.T @ error / BATCH
        assert measured.loss[step] == pytest.approx(np.mean(error**2), rel=1e-3, abs=1e-9)
        assert measured.gradient[step, 0] == pytest.approx(np.sqrt(np.mean(gradient**2)), rel=1e-3, abs=1e-5)
        kernel -= RATE * gradient
    assert measured.weight[-1, 0] == pytest.approx(np.sqrt(np.mean(kernel**2)), rel=1e-4)
    assert measured.sample_loss[-1] == pytest.approx(
        np.mean((line.inputs @ kernel - line.heads[0].targets) ** 2), abs=1e-6
    )
    truth = truth_of(measured)
    assert (truth.learned, truth.healthy) == ("yes", True)


def test_a_layer_of_dead_units_is_seen_as_one(line):
    _, _, measured = probed(line, lambda: hidden(bias=-50.0))
    places = [variable.path for variable in measured.variables]
    np.testing.assert_array_equal(measured.gradient[:, places.index("hidden/kernel")], 0)
    np.testing.assert_array_equal(measured.dead[:, 0], 1)
    truth = truth_of(measured)
    assert truth.learned == "no"
    assert {"dead-units", "dead-layer"} <= set(truth.of_degree("certain"))


def test_a_nan_in_one_batch_is_seen_at_its_step(line):
    def spoil(inputs):
        inputs[25, 3, 1] = np.nan

    _, _, measured = probed(line, linear, spoil)
    sign = truth_of(measured).signs["non-finite"]
    assert (sign.degree, sign.since) == ("certain", 25)
    assert np.isnan(measured.loss[25:]).all()
    assert np.isfinite(measured.loss[:25]).all()


def test_a_detached_layer_has_no_way_from_the_loss(line):
    def detached():
        inputs = keras.layers.Input((2,))
        body = keras.layers.Dense(4, name="before")(inputs)
        cut = keras.layers.Lambda(keras.ops.stop_gradient, name="cut")(body)
        return keras.Model(inputs, keras.layers.Dense(1, name="after")(cut))

    with pytest.warns(UserWarning, match="Gradients do not exist"):
        _, _, measured = probed(line, detached)
    lost = {variable.path for variable in measured.variables if not variable.connected}
    assert lost == {"before/kernel", "before/bias"}
    assert truth_of(measured).signs["no-gradient"].degree == "certain"
