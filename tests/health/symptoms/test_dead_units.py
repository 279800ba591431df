"""Units that never fire are dead; sparse elements are not."""

import pytest


def run_of(training, rows, statistics, **layer):
    run = training([rows.activation(0, **layer)])
    for _ in range(5):
        run.record([statistics])
    return run.findings().get(("dead-units", "dense_0"))


@pytest.mark.parametrize(("share", "severity"), [(0.25, "warning"), (0.6, "critical")])
def test_the_share_of_silent_units_sets_the_severity(training, rows, share, severity):
    assert run_of(training, rows, {"dead_fraction": share, "window": 10}).severity == severity


def test_the_message_counts_the_units(training, rows):
    finding = run_of(training, rows, {"dead_fraction": 0.625, "window": 10}, units=64)
    assert (
        "62 % of the units of dense_0 (40 of 64) gave zero for every sample since step 0" in finding.message
    )


@pytest.mark.parametrize(
    ("statistics", "function"),
    [
        ({"dead_fraction": 0.0, "zero_fraction": 0.9, "window": 10}, "relu"),  # sparse elements
        ({"dead_fraction": 0.6, "window": 4}, "relu"),  # watched too briefly
        ({"dead_fraction": 0.6, "window": 10}, "gelu"),  # gives no exact zeros
    ],
)
def test_what_is_not_a_dead_unit(training, rows, statistics, function):
    assert run_of(training, rows, statistics, function=function) is None


@pytest.mark.parametrize(("share", "severity"), [(0.6, "info"), (0.8, "warning")])
def test_a_loss_that_improves_excuses_sparsity_but_not_a_layer_that_all_but_died(
    training, rows, share, severity
):
    run = training([rows.activation(0), rows.LOSS])
    for record in range(30):
        run.record([{"dead_fraction": share, "window": 10}, {"mean": 2.3 - record / 20}])
    assert run.findings()["dead-units", "dense_0"].severity == severity
