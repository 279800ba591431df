"""Kinds of faults that trainings of strangers showed: each with the healthy twin that must stay quiet."""

import numpy as np
import pytest

from tb_gradhealth.record import Row, Steps

BAD = {"nan_count": 3, "inf_count": 0, "bad_steps": 1, "bad_ago": 0}
GOOD = {"nan_count": 0, "inf_count": 0, "bad_steps": 0, "rms": 1.0, "mean": 1.0}


def with_reference(training, rows, losses, constant, more=(), statistics=None):
    """A run with a loss and what the best constant prediction would lose."""
    run = training([*more, rows.training("constant_loss"), rows.LOSS])
    for number, loss in enumerate(losses):
        beside = [{} if statistics is None else statistics(number) for _ in more]
        run.record([*beside, {"mean": constant}, {"mean": loss, "peak_max": abs(loss)}])
    return run


def grave(run):
    return {symptom for (symptom, _), each in run.findings().items() if each.severity != "info"}


def test_a_fine_tuning_that_starts_good_is_healthy(training, rows):
    noise = np.random.default_rng(0).normal(0, 0.02, 60)
    assert grave(with_reference(training, rows, 0.3 + noise, 2.3)) == set()


def test_a_loss_at_its_noise_floor_is_healthy(training, rows):
    noise = np.random.default_rng(1).normal(0, 0.03, 60)
    assert grave(with_reference(training, rows, np.r_[2.0, 1.0, 0.5, 0.5 + noise], 2.3)) == set()


def test_one_that_fell_from_a_bad_start_to_a_constant_prediction_has_learned_nothing(training, rows):
    noise = np.random.default_rng(2).normal(0, 0.02, 60)
    run = with_reference(training, rows, np.r_[40.0, 12.0, 5.0, 2.5, 2.3 + noise], 2.3)
    assert grave(run) == {"loss-stalled"}
    assert "constant prediction" in run.findings()["loss-stalled", "loss"].message or "no better" in (
        run.findings()["loss-stalled", "loss"].message
    )


def test_regularization_is_no_part_of_what_is_compared(training, rows):
    run = training([rows.training("constant_loss"), rows.training("regularization"), rows.LOSS])
    noise = np.random.default_rng(3).normal(0, 0.02, 60)
    for loss in 5.3 + noise:  # 5 of it are the weights' own
        run.record([{"mean": 2.3}, {"mean": 5.0}, {"mean": loss, "peak_max": loss}])
    assert grave(run) == set()


def test_period_two_is_a_warning_and_noise_of_the_same_size_is_none(training, rows):
    generator = np.random.default_rng(4)
    noise = 2.0 + generator.normal(0, 0.8, 80)
    swings = 2.0 + np.where(np.arange(80) % 2, 1.2, -1.2) + generator.normal(0, 0.2, 80)
    assert "loss-oscillating" in grave(with_reference(training, rows, swings, 2.3))
    assert "loss-oscillating" not in grave(with_reference(training, rows, np.abs(noise), 2.3))


def test_swings_of_a_solved_task_are_none(training, rows):
    swings = 0.02 + np.where(np.arange(80) % 2, 0.015, -0.015)
    assert "loss-oscillating" not in grave(with_reference(training, rows, np.r_[2.0, 1.0, swings], 2.3))


def test_period_two_between_records_is_seen_in_the_flight_recorder(training, rows):
    run = training([rows.training("constant_loss"), rows.LOSS], watched=(1,))
    for _ in range(4):
        run.record([{"mean": 2.3}, {"mean": 3.2, "peak_max": 3.2}])
    values = 2.0 + np.where(np.arange(40) % 2, -1.2, 1.2)
    run.records.append(Steps(39, 1e9, run.table, values[:, None].astype(np.float32)))
    assert run.findings()["loss-oscillating", "loss"].severity == "warning"


@pytest.mark.parametrize(
    ("outer", "loss", "flagged"), [(0.9, 2.3, True), (0.7, 2.3, False), (0.9, 0.2, False)]
)
def test_outputs_thrown_from_end_to_end_are_saturated_while_little_is_learned(
    training, rows, outer, loss, flagged
):
    tanh = [rows.activation(0, function="tanh")]
    run = with_reference(
        training,
        rows,
        np.full(30, loss),
        2.3,
        tanh,
        lambda _: {"saturated_fraction": 0.0, "outer_fraction": outer},
    )
    assert ("saturated-activation" in grave(run)) == flagged


@pytest.mark.parametrize(
    ("gradient", "loss", "flagged"),
    [(1e-9, 2.3, True), (1e-9, 0.2, False), (1e-3, 2.3, False), (0.0, 2.3, True)],
)
def test_two_matrices_are_enough_to_vanish_where_nothing_is_learned(training, rows, gradient, loss, flagged):
    layers = [rows.dense(0), rows.dense(1)]
    run = training([*layers, rows.training("constant_loss"), rows.LOSS])
    generator = np.random.default_rng(5)
    for _ in range(40):
        noisy = loss * (1 + generator.normal(0, 0.01))
        run.record([{"rms": gradient}, {"rms": 0.1}, {"mean": 2.3}, {"mean": noisy, "peak_max": noisy}])
    assert (("vanishing-gradient", "dense_0/kernel") in run.findings()) == flagged


@pytest.mark.parametrize(
    ("share", "loss", "severity"),
    [(0.75, 0.2, "info"), (0.75, 1.9, "warning"), (1.0, 0.2, "warning"), (0.3, 0.2, "info")],
)
def test_a_partly_dead_layer_of_a_network_that_does_well_is_worth_knowing(
    training, rows, share, loss, severity
):
    losses = np.r_[np.linspace(2.3, loss, 30), np.linspace(loss, 0.8 * loss, 30)]
    run = with_reference(
        training, rows, losses, 2.3, [rows.activation(0)], lambda _: {"dead_fraction": share, "window": 20}
    )
    assert run.findings()["dead-units", "dense_0"].severity == severity


def lines_of(training, rows, gradient, loss):
    run = training([rows.dense(0), rows.dense(0, kind="weight"), rows.LOSS], watched=(0, 2))
    run.record([{**GOOD, "peak_rms": 1.0}, GOOD, {"mean": 1.0, "peak_max": 1.0}])
    values = np.stack([gradient, loss], axis=1).astype(np.float32)
    run.records.append(Steps(len(values) - 1, 1e9, run.table, values))
    run.record([{**BAD, "bad_ago": 1}, BAD, {**BAD, "bad_ago": 1}], len(values))
    return {symptom: each for (symptom, _), each in run.findings().items()}


def test_an_explosion_that_ends_in_nan_within_a_few_steps_is_its_origin(training, rows):
    found = lines_of(training, rows, [1, 1, 1, 80, 1e7, np.inf], [1, 1, 1, 50, 1e9, np.nan])
    assert found["exploding-gradient"].origin
    assert found["non-finite"].follows == found["exploding-gradient"].id


def test_what_explodes_just_before_a_nan_is_not_excused_by_a_loss_that_fell_until_then(training, rows):
    run = training([rows.dense(0), rows.dense(0, kind="weight"), rows.LOSS])
    for number in range(40):
        loss = 2.0 * 0.9**number if number < 37 else 10.0 ** (number - 35)
        rms = 0.01 if number < 36 else 0.01 * 30.0 ** (number - 35)
        run.record(
            [
                {**GOOD, "rms": rms, "peak_rms": rms},
                {**GOOD, "rms": 0.1},
                {**GOOD, "mean": loss, "peak_max": loss},
            ]
        )
    run.record([BAD, BAD, BAD])
    found = {symptom: each for (symptom, _), each in run.findings().items()}
    assert found["exploding-gradient"].severity in ("warning", "critical")
    assert found["exploding-gradient"].origin


def test_a_last_record_without_references_takes_the_ones_before(training, rows):
    noise = np.random.default_rng(6).normal(0, 0.02, 40)
    run = with_reference(training, rows, 2.3 + noise, 2.3)
    run.record([{}, {"mean": 2.3, "peak_max": 2.3}])
    assert grave(run) == {"loss-stalled"}
    (stream,) = run.judged()._streams.values()
    stream.judge()
    assert np.isfinite(stream._judge.progress.latest_losses().skill[0])


def test_a_nan_out_of_nothing_is_no_explosion(training, rows):
    found = lines_of(training, rows, [1, 1.1, 0.9, 1, 1, np.nan], [1, 1, 1, 1, 1, np.nan])
    assert set(found) == {"non-finite"}


def test_a_nan_is_over_only_when_the_loss_is_finite_again_too(training, rows):
    run = training([rows.dense(0), rows.LOSS]).record([GOOD, GOOD])
    run.record([BAD, BAD])
    for _ in range(8):
        run.record([GOOD, BAD])
    assert {each.state for each in run.findings().values()} == {"open"}
    for _ in range(5):
        run.record([GOOD, GOOD])
    assert {each.state for each in run.findings().values()} == {"resolved"}


def test_nothing_is_said_of_a_loss_that_is_not_finite(training, rows):
    run = training([rows.dense(0, kind="weight"), rows.activation(0), rows.LOSS])
    for number in range(60):
        loss = {"mean": 1.0, "peak_max": 1.0, **GOOD} if number < 3 else BAD
        run.record([GOOD if number < 3 else BAD, {"dead_fraction": float(number > 3), "window": 20}, loss])
    found = {symptom for symptom, _ in run.findings()}
    assert found == {"non-finite"}


def test_of_several_named_losses_none_is_asked_to_fall(training, rows):
    losses = [Row(name, "loss", name, "loss", 9) for name in ("d_loss", "g_loss")]
    run = training(losses)
    for _ in range(40):
        run.record([{"mean": 0.7, "peak_max": 0.7}, {"mean": 0.7, "peak_max": 0.7}])
    run.record([GOOD, BAD])
    assert set(run.findings()) == {("non-finite", "g_loss")}
    glance = run.judged().assessment()
    reasons = {each.symptom: each.reason for each in glance.not_judged}
    assert reasons["loss-stalled"].startswith("one of several losses")


def test_a_nan_input_heads_what_it_brings_about(training, rows):
    image = Row("image", "input", "image", "other", 0, (-1, 8))
    run = training([rows.dense(0), rows.activation(0), image, rows.LOSS])
    run.record([GOOD] * 4).record([BAD] * 4)
    findings = run.judged().findings()
    assert (findings[0].tensor, findings[0].origin) == ("image", True)
    assert {each.follows for each in findings[1:]} == {findings[0].id}


def test_a_finite_bias_gradient_proves_that_the_input_is_to_blame(training, rows):
    bias = Row("dense_0/bias", "gradient", "dense_0", "bias", 0, (32,))
    run = training([rows.dense(0), bias]).record([GOOD, GOOD]).record([BAD, GOOD])
    (finding,) = run.findings().values()
    assert (
        "The gradient of dense_0/bias is finite, so what dense_0 was given is not finite" in finding.message
    )


def test_a_gap_before_the_first_bad_tensor_is_said(training, rows):
    first = rows.activation(0)
    second = Row(
        "ff",
        "activation",
        "ff",
        "activation",
        2,
        (-1, 8),
        inputs=("dense_0",),
        between="operations that are no layer",
    )
    run = training([first, second, rows.LOSS]).record([GOOD] * 3).record([GOOD, BAD, BAD])
    origin = run.judged().findings()[0]
    assert origin.tensor == "ff"
    assert "Between dense_0 and ff: not measured (operations that are no layer)" in origin.message


def test_a_later_incident_is_never_listed_above_a_graver_earlier_one(training, rows):
    run = training([rows.activation(0), rows.activation(1), rows.dense(2)])
    dead = {"dead_fraction": 0.9, "window": 20, "nan_count": 0, "bad_steps": 0}
    alive = {**dead, "dead_fraction": 0.0}
    for number in range(60):
        run.record([dead if number > 30 else alive, alive, BAD if number == 10 else GOOD])
    findings = run.judged().findings()
    assert [each.symptom for each in findings] == ["non-finite", "dead-units"]
    assert list(findings) == sorted(findings, key=lambda each: each.order)
