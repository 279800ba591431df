"""Exactly zero for twenty applied steps is dead; small, accumulated, skipped or decayed is not."""

import numpy as np
import pytest

KEY = ("dead-layer", "dense_0/kernel")


def run_of(training, rows, largest, updates=None, gaps=None, others=1e-4, **settings):
    run = training(
        [rows.dense(0), rows.dense(0, kind="update"), rows.dense(1), rows.dense(1, kind="update")], **settings
    )
    for index, rms in enumerate(largest):
        update = {} if updates is None else {"rms": updates[index]}
        step = None if gaps is None else int(np.sum(gaps[: index + 1]))
        run.record(
            [{"rms": rms, "peak_rms": rms}, update, {"rms": 0.1, "peak_rms": 0.1}, {"rms": others}], step
        )
    return run.findings().get(KEY)


def test_it_opens_once_the_gradient_was_zero_for_more_than_twenty_steps(training, rows):
    assert run_of(training, rows, [0.1, 0.0, 0.0]) is None
    finding = run_of(training, rows, [0.1, 0.0, 0.0, 0.0])
    assert (finding.opened_step, finding.last_step, finding.value) == (1, 30, 30)


def test_a_cadence_that_changes_counts_steps_not_records(training, rows):
    assert run_of(training, rows, [0.1] + [0.0] * 12, gaps=[0] + [1] * 12) is None
    assert run_of(training, rows, [0.1] + [0.0] * 2, gaps=[0, 1, 25]).value == 26


def test_only_steps_that_were_looked_at_count(training, rows):
    assert run_of(training, rows, [0.1] + [0.0] * 10, watched_every=8) is None
    finding = run_of(training, rows, [0.1] + [0.0] * 11, watched_every=8)
    assert finding.value == 22


def test_one_step_with_a_gradient_starts_the_count_anew(training, rows):
    assert run_of(training, rows, [1e-30, 0.0, 0.0] * 6) is None


def test_small_is_not_zero(training, rows):
    assert run_of(training, rows, np.full(40, 1e-20)) is None


def test_updates_lost_in_rounding_are_dead_too(training, rows):
    finding = run_of(training, rows, np.full(9, 1e-3), np.zeros(9))
    assert finding.state == "open"


def test_under_accumulation_a_zero_update_is_as_it_should_be(training, rows):
    assert run_of(training, rows, np.full(9, 1e-3), np.zeros(9), gradient_accumulation_steps=4) is None


def test_steps_the_loss_scaler_skipped_do_not_count(training, rows):
    run = training([rows.dense(0), rows.training("skipped_steps")])
    for record in range(6):
        run.record([{"rms": 0.0, "peak_rms": 0.0}, {"mean": 9.0 * record}])
    assert KEY not in run.findings()  # six records of one applied step each


@pytest.mark.parametrize(
    ("losses", "severity"), [(np.full(20, 2.3), "critical"), (0.8 ** np.arange(20.0), "info")]
)
def test_the_loss_says_whether_it_matters(training, rows, losses, severity):
    run = training([rows.dense(0), rows.LOSS]).series(rms=0.0, peak_rms=0.0, loss=losses)
    assert run.findings()[KEY].severity == severity


def test_where_no_variable_moved_the_optimizer_did_not_apply(training, rows):
    assert run_of(training, rows, np.full(9, 1e-3), np.zeros(9), others=0.0) is None


def test_a_matrix_that_alone_gets_nothing_stays_a_warning_while_the_loss_improves(training, rows):
    run = training([rows.dense(0), rows.dense(1), rows.LOSS])
    for loss in 0.8 ** np.arange(20.0):
        run.record([{"rms": 0.0, "peak_rms": 0.0}, {"rms": 0.1, "peak_rms": 0.1}, {"mean": loss}])
    assert run.findings()[KEY].severity == "warning"
