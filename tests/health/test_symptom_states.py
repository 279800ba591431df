"""The state of every symptom of every tensor, and the reason why it is not flagged."""

from dataclasses import replace

import pytest

from tb_gradhealth.record import Row


def states(run):
    return {(state.symptom, state.kind, state.tensor): state for state in run.judged().states()}


def test_judged_and_fine_is_ok_with_its_value(training, rows):
    run = training([rows.activation(0)]).series(dead_fraction=[0.1] * 3, window=10)
    state = states(run)["dead-units", "activation", "dense_0"]
    assert (state.state, state.reason, state.threshold) == ("ok", "", 0.2)
    assert state.value == pytest.approx(0.1)


def test_beyond_the_threshold_but_not_for_long_is_said(training, rows):
    run = training([rows.activation(0)]).series(dead_fraction=[0.4] * 2, window=10)
    assert "not for long enough" in states(run)["dead-units", "activation", "dense_0"].reason


def test_a_finding_has_its_severity_and_says_when_the_loss_lowers_it(training, rows):
    run = training([rows.activation(0), rows.LOSS])
    run.series(dead_fraction=[0.4] * 20, window=10, loss=[2.3 * 0.9**record for record in range(20)])
    state = states(run)["dead-units", "activation", "dense_0"]
    assert (state.state, state.reason) == ("info", "it crossed 0.2; lowered because the loss improves")


def test_what_could_not_be_measured_says_what_it_lacks(training, rows):
    run = training([rows.activation(0)]).series(dead_fraction=[0.4] * 3, window=3)
    state = states(run)["dead-units", "activation", "dense_0"]
    assert (state.state, state.reason) == (
        "not measured",
        "its units have not been watched for ten batches yet",
    )


def test_what_is_left_out_says_why(training, rows):
    bias = Row("dense_0/bias", "gradient", "dense_0", "bias", 0, (32,))
    small = Row("head/kernel", "gradient", "head", "kernel", 1, (3, 2))
    norm = Row("bn/gamma", "gradient", "bn", "norm", 1, (32,))
    found = states(training([rows.dense(0), bias, small, norm]).series(rms=[0.1]))
    reasons = {
        tensor: state.reason
        for (symptom, _, tensor), state in found.items()
        if symptom == "vanishing-gradient"
    }
    assert reasons["dense_0/bias"] == "a bias"
    assert reasons["bn/gamma"] == "a normalization's scale or offset"
    assert reasons["head/kernel"] == "it has fewer than 16 elements"


def test_a_missing_gradient_a_frozen_weight_and_other_reasons_are_different_things(training, rows):
    lost = replace(rows.dense(1), not_measured="gradient is None")
    odd = replace(rows.dense(2), not_measured="dtype int32 is not a floating one")
    frozen = rows.dense(3, kind="weight")
    found = states(
        training([rows.dense(0), rows.dense(0, kind="weight"), lost, odd, frozen]).series(rms=[0.1])
    )
    of = {tensor: state for (symptom, _, tensor), state in found.items() if symptom == "gradient-spike"}
    assert of["dense_1/kernel"].state == "no gradient"
    assert (of["dense_2/kernel"].state, of["dense_2/kernel"].reason) == ("not measured", odd.not_measured)
    assert of["dense_3/kernel"].state == "frozen"
    assert of["dense_0/kernel"].state == "not measured"  # no past yet
    assert found["no-gradient", "gradient", "dense_1/kernel"].state == "critical"


def test_steps_the_loss_scaler_skipped_are_said(training, rows):
    run = training([rows.dense(0), rows.training("skipped_steps")])
    run.record([{"rms": 0.1, "peak_rms": 0.1}, {"mean": 0}]).record([{}, {"mean": 10}])
    assert states(run)["dead-layer", "gradient", "dense_0/kernel"].state == "skipped by the loss scaler"
