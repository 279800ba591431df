"""Mixed precision: gradients as they would be without it, up to the precision's own rounding."""

import by_hand
import keras
import networks
import pytest

HALF, BRAIN = 2e-2, 1e-1
"""How far float16's 11 and bfloat16's 8 significant bits are from float32, after two layers."""


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
    expected.hold_against(recorded, HALF, kinds="gradient weight loss")
    assert recorded.row("activation", "hidden").dtype == "float16"
    assert recorded.row("gradient", "hidden/kernel").dtype == "float32"


def test_bfloat16_is_measured_in_float32(fit, policy):
    parts = networks.batches()
    expected = by_hand.train(networks.classifier(), sgd(), parts)
    policy("mixed_bfloat16")
    recorded = fit(networks.classifier(), parts, sgd(), every=4)
    expected.hold_against(recorded, BRAIN, kinds="gradient weight loss")
    assert recorded.row("activation", "hidden").dtype == "bfloat16"


def test_float64_models_lose_nothing(fit, policy):
    policy("float64")
    parts = networks.batches()
    recorded = fit(networks.classifier(), parts, sgd())
    by_hand.train(networks.classifier(), sgd(), parts).hold_against(recorded, 1e-6)
    assert recorded.row("gradient", "hidden/kernel").dtype == "float64"
