"""A lone gradient spike is information unless the loss noticed it; a new level is no spike for ever."""

import numpy as np

KEY = ("gradient-spike", "dense_0/kernel")
steady = np.exp(np.random.default_rng(2).normal(0, 0.1, 300))


def run_of(training, rows, largest, losses=None):
    run = training([rows.dense(0), rows.LOSS])
    return (
        run.series(peak_rms=largest, peak_rms_ago=3, rms=steady[: len(largest)], loss=losses)
        .findings()
        .get(KEY)
    )


def with_spikes(length, *places):
    series = steady[:length].copy()
    series[list(places)] = 40
    return series


def test_a_lone_spike_is_information_at_its_exact_step(training, rows):
    finding = run_of(training, rows, with_spikes(50, 40))
    assert (finding.severity, finding.opened_step, finding.count) == ("info", 397, 1)


def test_three_in_a_thousand_steps_are_a_warning(training, rows):
    assert run_of(training, rows, with_spikes(80, 40, 55, 70)).severity == "warning"


def test_the_loss_says_whether_it_matters(training, rows):
    """By half of what would be a spike of the loss itself."""
    quiet = np.exp(np.random.default_rng(4).normal(0, 0.05, 80))
    hit = quiet.copy()
    hit[[40, 55, 70]] *= 3
    assert run_of(training, rows, with_spikes(50, 40), hit[:50]).severity == "warning"
    assert run_of(training, rows, with_spikes(80, 40, 55, 70), hit).severity == "critical"
    assert run_of(training, rows, with_spikes(80, 40, 55, 70), quiet).severity == "info"


def test_three_that_are_far_apart_are_not(training, rows):
    assert run_of(training, rows, with_spikes(300, 40, 160, 280)).severity == "info"


def test_a_level_that_stays_becomes_the_usual_one(training, rows):
    finding = run_of(training, rows, np.r_[steady[:40], 40 * steady[:100]])
    assert finding.state == "resolved"


def test_heavy_tails_are_no_spikes(training, rows):
    tails = np.exp(np.random.default_rng(3).standard_t(3, 300) * 0.5)
    finding = run_of(training, rows, tails)
    assert finding is None or finding.severity == "info"
