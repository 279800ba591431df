"""Underflow in float16 and a loss scaler that skips; float32, bfloat16 and routine skips are fine."""

import numpy as np
import pytest

from tb_gradhealth.record.magnitudes import PACKED, magnitude_shares, pack_shares


def underflow(training, rows, sizes, policy="mixed_float16", scale=None):
    names = [rows.dense(0), rows.training("loss_scale"), rows.LOSS]
    run = training(names, dtype_policy=policy)
    generator = np.random.default_rng(0)
    for size in sizes:
        packed = pack_shares(magnitude_shares(size * np.exp(generator.normal(0, 0.1, 4000))))
        row = {f"magnitudes_{place}": packed[place] for place in range(PACKED)}
        run.record([{**row, "zero_fraction": 0.0}, {} if scale is None else {"mean": scale}, {}])
    return run.findings().get(("precision-underflow", "dense_0/kernel"))


fading = np.r_[np.full(10, 1e-2), np.full(10, 1e-6)]


def test_a_gradient_that_sinks_below_two_to_the_minus_14_is_found(training, rows):
    finding = underflow(training, rows, fading)
    assert (finding.opened_step, finding.value) == (100, pytest.approx(1, abs=0.01))


def test_a_loss_scale_lifts_it_above_the_limit(training, rows):
    assert underflow(training, rows, fading, scale=2.0**15) is None


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "bfloat16"])
def test_formats_with_a_long_range_do_not_underflow(training, rows, policy):
    assert underflow(training, rows, fading, policy) is None


def test_one_that_was_small_from_the_start_has_not_sunk(training, rows):
    assert underflow(training, rows, np.full(20, 1e-6)) is None


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
