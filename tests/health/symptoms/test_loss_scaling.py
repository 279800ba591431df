"""Symptom loss-scaling: series of skipped steps, but not routine skips; and overflows under a loss scaler."""

import numpy as np


def scaling(training, rows, skipped, scale=2.0**15):
    run = training([rows.training("skipped_steps"), rows.training("loss_scale"), rows.LOSS])
    for count in skipped:
        run.record([{"mean": count}, {"mean": scale}, {}])
    return run.findings().get(("loss-scaling", "skipped_steps"))


def test_a_skip_now_and_then_is_how_it_works(training, rows):
    assert scaling(training, rows, np.floor(np.arange(0, 300) / 20)) is None  # 1 step of 200


def test_every_step_skipped_is_found(training, rows):
    finding = scaling(training, rows, [0, 0, 10, 20])
    assert (finding.severity, finding.value) == ("warning", 4)


def test_more_than_one_percent_over_a_thousand_steps_is_found(training, rows):
    finding = scaling(training, rows, np.floor(np.arange(0, 150) / 4))  # 1 step of 40
    assert finding.opened_step >= 990


def test_a_scale_below_one_is_found(training, rows):
    assert scaling(training, rows, [0, 1, 2], scale=0.5) is not None


def overflow(training, rows, skipped, **bad):
    run = training(
        [rows.dense(0), rows.dense(0, kind="weight"), rows.training("skipped_steps"), rows.LOSS],
        loss_scale="dynamic",
    )
    good = {"nan_count": 0, "inf_count": 0, "bad_steps": 0}
    for count in (0, skipped):
        gradient = {**good, "inf_count": 5, "bad_steps": 1} if count == skipped else good
        run.record(
            [gradient, {**good, **(bad if count == skipped else {})}, {"mean": count}, {**good, "mean": 1.0}]
        )
    return run.findings()["non-finite", "dense_0/kernel"].severity


def test_a_gradient_that_overflowed_in_a_skipped_step_is_information(training, rows):
    assert overflow(training, rows, 1) == "info"


def test_one_that_reached_a_weight_is_not(training, rows):
    assert overflow(training, rows, 1, nan_count=1, bad_steps=1) == "critical"
