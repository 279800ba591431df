"""A geometric fall towards the input is vanishing; small, noisy, converged or flat is not."""

import numpy as np
import pytest


def deep(training, rows, gradients, losses=None):
    """Records of a stack of dense layers with the given RMS per layer, and maybe a loss."""
    layers = [rows.dense(depth, output=depth == len(gradients) - 1) for depth in range(len(gradients))]
    run = training([*layers, rows.LOSS])
    for record in range(30):
        loss = {} if losses is None else {"mean": losses[record]}
        run.record([{"rms": rms} for rms in gradients] + [loss])
    return run


def test_a_geometric_fall_names_the_layers_below_the_limit(training, rows):
    gradients = 0.1 * 0.1 ** np.arange(11, -1, -1.0)
    findings = deep(training, rows, gradients).findings()
    # A kernel of 32 × 32 has a norm of 32 RMS: below 1e-4 up to the seventh layer, and all seven are
    # more than a thousand times smaller than the output layer's.
    assert {tensor for _, tensor in findings} == {f"dense_{depth}/kernel" for depth in range(7)}
    first = findings["vanishing-gradient", "dense_0/kernel"]
    assert first.value == pytest.approx(1e-11, rel=1e-5)
    assert (first.opened_step, first.origin) == (0, True)


def test_with_gradients_of_some_size_the_median_layer_is_the_measure(training, rows):
    gradients = 1e6 * 0.1 ** np.arange(11, -1, -1.0)
    findings = deep(training, rows, gradients).findings()
    vanishing = {
        tensor: finding for (symptom, tensor), finding in findings.items() if symptom.startswith("van")
    }
    assert set(vanishing) == {f"dense_{depth}/kernel" for depth in range(3)}
    assert vanishing["dense_0/kernel"].value == pytest.approx(gradients[0] / np.median(gradients), rel=1e-5)


def test_a_short_stack_is_compared_with_its_output_when_the_norm_is_tiny(training, rows):
    gradients = 1e-2 * np.array([1e-7, 1e-5, 1e-3, 1e-2, 1e-1, 1.0])
    findings = deep(training, rows, gradients).findings()
    assert ("vanishing-gradient", "dense_0/kernel") in findings
    assert findings["vanishing-gradient", "dense_0/kernel"].value == pytest.approx(1e-7, rel=1e-5)


@pytest.mark.parametrize(
    "gradients",
    [
        np.full(12, 1e-9),  # converged: all layers alike
        0.1 * 0.6 ** np.arange(11, -1, -1.0),  # a mild fall
        np.array([1e-2] * 5 + [1e-7] + [1e-2] * 6),  # a lone small layer
        0.1 * 0.01 ** np.arange(12.0),  # falls towards the output: not this symptom
        np.array([1e-9, 1e-1, 1.0]),  # too few layers to speak of a fall
    ],
)
def test_other_shapes_are_not_vanishing(training, rows, gradients):
    assert deep(training, rows, gradients).findings() == {}


def test_the_loss_weighs_the_severity_and_never_hides_it(training, rows):
    fall = 0.1 * 0.1 ** np.arange(11, -1, -1.0)
    key = ("vanishing-gradient", "dense_0/kernel")
    stuck = deep(training, rows, fall, np.full(30, 2.303)).findings()[key]
    learning = deep(training, rows, fall, np.linspace(2.3, 0.1, 30)).findings()[key]
    blind = deep(training, rows, fall).findings()[key]
    assert (stuck.severity, blind.severity, learning.severity) == ("critical", "warning", "info")
    assert stuck.message.endswith("and the loss has not improved.")


def test_a_layer_without_numbers_spoils_nothing(training, rows):
    fall = 0.1 * 0.1 ** np.arange(11, -1, -1.0)
    fall[5] = np.nan
    assert ("vanishing-gradient", "dense_0/kernel") in deep(training, rows, fall).findings()
