"""Mixed precision: gradients are those of float32 up to the rounding of the precision."""

import by_hand
import keras
import networks
import pytest

HALF, BRAIN = 2e-2, 1e-1
"""Tolerances of float16 (11 significant bits) and bfloat16 (8) after two layers."""


@pytest.fixture
def policy():
    """Sets Keras's dtype policy for one test."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


def sgd():
    return keras.optimizers.SGD(0.01)


@pytest.mark.parametrize("execution", [{"jit_compile": False}, {"jit_compile": True}], ids=str)
def test_float16_gradients_are_unscaled(fit, policy, execution):
    parts = networks.batches()
    expected = by_hand.train(networks.classifier(), sgd(), parts)
    policy("mixed_float16")
    scaled = keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=2.0**12)
    recorded = fit(networks.classifier(), parts, scaled, every=4, **execution)
    expected.assert_matches(recorded, HALF, kinds="gradient weight loss")
    assert recorded.row("activation", "hidden").dtype == "float16"
    assert recorded.row("gradient", "hidden/kernel").dtype == "float32"


def test_bfloat16_is_measured_in_float32(fit, policy):
    parts = networks.batches()
    expected = by_hand.train(networks.classifier(), sgd(), parts)
    policy("mixed_bfloat16")
    recorded = fit(networks.classifier(), parts, sgd(), every=4)
    expected.assert_matches(recorded, BRAIN, kinds="gradient weight loss")
    assert recorded.row("activation", "hidden").dtype == "bfloat16"


def test_float64_models_are_measured_exactly(fit, policy):
    policy("float64")
    parts = networks.batches()
    recorded = fit(networks.classifier(), parts, sgd())
    by_hand.train(networks.classifier(), sgd(), parts).assert_matches(recorded, 1e-6)
    assert recorded.row("gradient", "hidden/kernel").dtype == "float64"
