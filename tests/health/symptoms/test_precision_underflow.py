"""Symptom precision-underflow: in float16, but not in float32 and bfloat16."""

import numpy as np
import pytest

from tb_gradhealth.record.magnitudes import PACKED, magnitude_shares, pack_shares


def underflow(training, rows, sizes, policy="mixed_float16", scale=None):
    names = [rows.dense(0), rows.training("loss_scale"), rows.LOSS]
    run = training(names, dtype_policy=policy)
    generator = np.random.default_rng(0)
    for size in sizes:
        packed = pack_shares(magnitude_shares(size * np.exp(generator.normal(0, 0.1, 4000))))
        row = {f"magnitudes_{index}": packed[index] for index in range(PACKED)}
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
