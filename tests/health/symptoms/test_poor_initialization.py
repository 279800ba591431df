"""Three layers in a row that each change the signal by more than ten, before anything is learned."""

import numpy as np
import pytest

STUCK, LEARNING = np.full(30, 2.3), 2.3 * 0.9 ** np.arange(30.0)


def layers_found(training, rows, sizes, losses=STUCK):
    run = training([*(rows.activation(depth) for depth in range(len(sizes))), rows.LOSS])
    for loss in losses:
        run.record([*({"rms": rms} for rms in sizes), {"mean": loss}])
    return {
        tensor: finding for (symptom, tensor), finding in run.findings().items() if symptom.startswith("poor")
    }


@pytest.mark.parametrize("factor", [0.05, 20.0])
def test_it_names_the_layers_at_which_three_in_a_row_are_complete(training, rows, factor):
    found = layers_found(training, rows, factor ** np.arange(6.0))
    assert set(found) == {"dense_3", "dense_4", "dense_5"}
    assert found["dense_5"].value == pytest.approx(20, rel=1e-4)
    assert found["dense_5"].severity == "warning"


def test_a_training_that_learns_all_the_same_is_not_told_off(training, rows):
    found = layers_found(training, rows, 20.0 ** np.arange(6.0), LEARNING)
    assert {(finding.severity, finding.state) for finding in found.values()} == {("info", "resolved")}


@pytest.mark.parametrize(
    "sizes",
    [
        np.ones(8),
        0.3 ** np.arange(8.0),  # He would be better; no catastrophe
        np.array([1, 20, 1, 20, 1, 20, 1.0]),  # up and down, as with normalization between
        np.array([1, 0.01, 0.0001, 0.0001, 0.0001]),  # two steps only
    ],
)
def test_what_is_fine(training, rows, sizes):
    assert layers_found(training, rows, sizes) == {}
