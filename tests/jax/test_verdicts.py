"""Planted faults get their finding, and healthy trainings none: judged as `gradhealth check` does."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import jax_training as training
import numpy as np
import optax
import pytest

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor

FUNCTIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "silu": jax.nn.silu}


def task(steps, batch=32, seed=1):
    """A classification of points that is learnable, and not linear."""
    random = np.random.default_rng(seed)
    for _ in range(steps):
        x = random.normal(size=[batch, 8]).astype(np.float32)
        yield x, (2 * (x[:, 0] > 0) + (x[:, 1] * x[:, 2] > 0)).astype(np.int32)


def dense(activation, depth=3, width=32, seed=2):
    """Parameters and loss function of a dense network."""
    random = np.random.default_rng(seed)
    sizes = [8, *[width] * (depth + 1), 4]
    gain = 2 if activation == "relu" else 1
    params = {
        f"dense_{index}": {
            "kernel": jnp.asarray(random.normal(size=[before, after]) * np.sqrt(gain / before), jnp.float32),
            "bias": jnp.zeros([after]),
        }
        for index, (before, after) in enumerate(pairwise(sizes))
    }

    def loss_fn(params, batch):
        hidden, outputs = batch[0], {}
        for index in range(depth + 2):
            layer = params[f"dense_{index}"]
            hidden = hidden @ layer["kernel"] + layer["bias"]
            hidden = FUNCTIONS[activation](hidden) if index <= depth else hidden
            outputs[f"dense_{index}"] = hidden
        return optax.softmax_cross_entropy_with_integer_labels(hidden, batch[1]).mean(), outputs

    return params, loss_fn


def judged(log_dir, network, steps=300, optimizer=None, change=lambda step, x: x, **options):
    """Train a network; return its findings that are more than information, and the assessment."""
    params, loss_fn = network
    parts = [(change(step, x), y) for step, (x, y) in enumerate(task(steps))]
    x, y = parts[0]
    training.train(
        log_dir,
        parts,
        params=params,
        function=loss_fn,
        optimizer=optimizer or optax.adam(1e-2),
        inputs=x,
        targets=y,
        **options,
    )
    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (run,) = snapshot.runs.values()
        counted = [each for each in run.health.findings() if each.severity != "info"]
        return counted, run.health.assessment()


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
def test_healthy_networks(log_dir, activation):
    findings, assessment = judged(log_dir, dense(activation, depth=1))
    assert not findings
    assert assessment.verdict == "healthy"


def test_a_deep_network_of_sigmoids(log_dir):
    findings, _ = judged(log_dir, dense("sigmoid", depth=11))
    assert ("vanishing-gradient", "critical", "dense_0") in {
        (finding.symptom, finding.severity, finding.layer) for finding in findings
    }


def test_a_dead_relu(log_dir):
    params, loss_fn = dense("relu")
    params["dense_2"]["bias"] = jnp.full([32], -100.0)
    findings, _ = judged(log_dir, (params, loss_fn))
    found = {(finding.symptom, finding.layer) for finding in findings}
    assert ("dead-units", "dense_2") in found
    assert ("dead-layer", "dense_2") in found


def test_a_learning_rate_that_is_far_too_high(log_dir):
    findings, assessment = judged(log_dir, dense("relu"), 200, optax.sgd(30.0))
    assert assessment.verdict in ("critical", "warning")
    expected = {"exploding-gradient", "non-finite", "loss-diverging", "update-ratio"}
    assert expected & {finding.symptom for finding in findings}


@pytest.mark.parametrize("sample", [0, 31])
def test_a_nan_in_the_input(log_dir, sample):
    def spoil(step, x):
        if step == 23:
            x = x.copy()
            x[sample, 3] = np.nan
        return x

    findings, assessment = judged(log_dir, dense("tanh"), 60, change=spoil)
    assert assessment.verdict == "critical"
    first = min((each for each in findings if each.symptom == "non-finite"), key=lambda each: each.order)
    assert first.opened_step == 23
    assert first.tensor == "input"
