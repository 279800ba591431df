"""Symptom saturated-activation: hidden layers always, outputs where nothing is learned."""

from dataclasses import replace

import numpy as np

STUCK, LEARNING = np.full(30, 2.3), 2.3 * 0.9 ** np.arange(30.0)


def found(training, row, loss_row, losses=STUCK, **columns):
    return training([row, loss_row]).series(loss=losses, **columns).findings_of(row.tensor)


def test_a_saturated_hidden_layer_is_ill(training, rows):
    layer = rows.activation(0, function="sigmoid")
    assert (
        found(training, layer, rows.LOSS, saturated_fraction=0.6)["saturated-activation"].severity
        == "critical"
    )
    learning = found(training, layer, rows.LOSS, LEARNING, saturated_fraction=0.6)["saturated-activation"]
    assert learning.severity == "info"


def test_a_saturated_output_matters_only_where_nothing_is_learned(training, rows):
    output = replace(rows.activation(0, function="sigmoid"), output=True)
    assert found(training, output, rows.LOSS, LEARNING, saturated_fraction=0.9) == {}
    assert "saturated-activation" in found(training, output, rows.LOSS, saturated_fraction=0.9)


def test_functions_without_flat_ends_do_not_saturate(training, rows):
    assert found(training, rows.activation(0, function="gelu"), rows.LOSS, saturated_fraction=0.9) == {}
