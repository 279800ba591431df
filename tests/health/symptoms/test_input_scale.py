"""Inputs far from unit scale, and targets that the output cannot reach."""

import pytest

from tb_gradhealth.record import Row

INPUT = Row("input", "input", "input", "other", 0, (-1, 8))
IDS = Row("input", "input", "input", "other", 0, (-1, 8), dtype="int32")
UNIT = {"rms": 1.0, "minimum": -2.0, "maximum": 2.0, "feature_spread": 3.0, "constant_fraction": 0.0}


def output(function, units=1):
    return Row("out", "activation", "out", "activation", 1, (-1, units), activation=function, output=True)


def found(training, rows, row, statistics, outputs=(), loss=None):
    run = training([row, *outputs, rows.LOSS])
    for number in range(30):
        value = {} if loss is None else {"mean": loss(number), "peak_max": abs(loss(number))}
        run.record([statistics, *({} for _ in outputs), value])
    return run.findings().get(("input-scale", row.tensor))


@pytest.mark.parametrize(
    ("statistics", "value"),
    [
        ({}, None),
        ({"rms": 9.9}, None),
        ({"rms": 130.0}, 13.0),
        ({"rms": 0.001}, 10.0),
        ({"rms": 0.0}, None),
        ({"feature_spread": 99.0}, None),
        ({"feature_spread": 500.0}, 5.0),
        ({"constant_fraction": 0.5}, None),
        ({"constant_fraction": 1.0}, 1 / 0.9),
    ],
)
def test_an_input_is_held_against_unit_scale(training, rows, statistics, value):
    finding = found(training, rows, INPUT, {**UNIT, **statistics})
    if value is None:
        assert finding is None
    else:
        assert (finding.value, finding.severity) == (pytest.approx(value, rel=1e-5), "info")


@pytest.mark.parametrize(
    ("loss", "severity"), [(lambda n: 2.0 * 0.9**n, "info"), (lambda n: 2.0 + 0.01 * (n % 2), "warning")]
)
def test_it_is_a_warning_only_where_nothing_is_learned(training, rows, loss, severity):
    assert found(training, rows, INPUT, {**UNIT, "rms": 130.0}, loss=loss).severity == severity


def test_whole_numbers_are_looked_up(training, rows):
    assert found(training, rows, IDS, {**UNIT, "rms": 5_000.0}) is None


@pytest.mark.parametrize(
    ("function", "low", "high", "shape", "flagged"),
    [
        ("sigmoid", -1.0, 1.0, (-1, 1), True),
        ("sigmoid", 0.0, 1.0, (-1, 1), False),
        ("sigmoid", 0.0, 3.0, (-1,), True),
        ("tanh", -1.0, 1.0, (-1, 1), False),
        ("tanh", 0.0, 16.0, (-1, 1), True),
        ("relu", -3.0, 9.0, (-1, 1), True),
        ("relu", 0.0, 900.0, (-1, 1), False),
        ("linear", -900.0, 900.0, (-1, 1), False),
        ("softmax", 0.0, 9.0, (-1, 10), True),
        ("softmax", 0.0, 9.0, (-1,), False),  # numbers of classes
    ],
)
def test_targets_must_lie_where_the_output_can_get(training, rows, function, low, high, shape, flagged):
    target = Row("target", "target", "target", "other", 9, shape)
    units = 10 if function == "softmax" else 1
    statistics = {"rms": 1.0, "minimum": low, "maximum": high}
    finding = found(training, rows, target, statistics, [output(function, units)])
    assert (finding is not None) == flagged
