"""Symptom dormant-units: a share that grows while nothing is learned."""

from dataclasses import replace

import numpy as np
import pytest

STUCK, LEARNING = np.full(30, 2.3), 2.3 * 0.9 ** np.arange(30.0)


def found(training, row, loss_row, losses=STUCK, **columns):
    return training([row, loss_row]).series(loss=losses, **columns).findings_of(row.tensor)


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
