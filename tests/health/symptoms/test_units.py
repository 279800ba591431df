"""Dormant and saturated units, untouched rows: shares of a layer, and whom they concern."""

from dataclasses import replace

import numpy as np
import pytest

from tb_gradhealth.record import Row

STUCK, LEARNING = np.full(30, 2.3), 2.3 * 0.9 ** np.arange(30.0)


def found(training, row, loss_row, losses=STUCK, **columns):
    run = training([row, loss_row]).series(loss=losses, **columns)
    return {symptom: finding for (symptom, tensor), finding in run.findings().items() if tensor == row.tensor}


def test_a_share_of_dormant_units_is_information(training, rows):
    finding = found(training, rows.activation(0), rows.LOSS, dormant_fraction=0.3)["dormant-units"]
    assert (finding.severity, finding.value) == ("info", pytest.approx(0.3))


def test_a_share_that_has_risen_beyond_half_is_a_warning_when_nothing_is_learned(training, rows):
    risen = np.linspace(0.2, 0.7, 30)
    assert (
        found(training, rows.activation(0), rows.LOSS, dormant_fraction=risen)["dormant-units"].severity
        == "warning"
    )


@pytest.mark.parametrize(
    ("share", "losses"), [(np.full(30, 0.7), STUCK), (np.linspace(0.2, 0.7, 30), LEARNING)]
)
def test_one_that_was_always_there_or_does_no_harm_stays_information(training, rows, share, losses):
    finding = found(training, rows.activation(0), rows.LOSS, losses, dormant_fraction=share)["dormant-units"]
    assert finding.severity == "info"


def test_a_few_dormant_units_and_the_output_are_fine(training, rows):
    assert found(training, rows.activation(0), rows.LOSS, dormant_fraction=0.2) == {}
    output = replace(rows.activation(0), output=True)
    assert found(training, output, rows.LOSS, dormant_fraction=0.9) == {}


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


def test_untouched_rows_are_information_once_there_was_time(training, rows):
    table = Row("words/embeddings", "gradient", "words", "embedding", 0, (1000, 16))
    assert found(training, table, rows.LOSS, STUCK[:9], untouched_fraction=0.9) == {}
    finding = found(training, table, rows.LOSS, untouched_fraction=0.9)["untouched-embedding"]
    assert (finding.severity, finding.message[:14]) == ("info", "90 % of the 1,")
