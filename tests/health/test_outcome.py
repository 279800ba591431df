"""The loss's trend, on curves whose answer is known by construction."""

import numpy as np
import pytest

from tb_gradhealth.health.outcome import outcome_of

steps = np.arange(60.0)
noise = np.random.default_rng(0).normal(0, 0.02, 60)


@pytest.mark.parametrize(
    ("losses", "outcome"),
    [
        (2.3 * np.exp(-steps / 20) + noise, "learning"),
        (0.01 + 2.3 * np.exp(-steps), "learning"),  # converged long ago: it has learned
        (2.303 + noise / 10, "stalled"),
        (2.5 + 10 * noise, "stalled"),  # a jagged loss that gets nowhere
        (2.5 - steps / 100 + 2 * noise, "learning"),  # one that does, slowly
        (2.3 + steps / 5, "diverging"),
        (np.append(np.full(30, 0.7), [np.nan] * 10), "stalled"),  # not recorded is not bad
        (np.append(np.full(30, 0.7), [np.inf] * 10), "diverging"),
        (-steps, "learning"),  # a log-likelihood may be negative
        (steps[:9], "undecided"),
        (np.array([]), "unknown"),
        (np.r_[0.5, np.linspace(8.0, 2.0, 20)], "stalled"),  # still above where it began
        (np.r_[1.7, np.full(20, 0.12)], "learning"),  # all of it before the second record
        (np.full(60, np.nan), "unknown"),
    ],
)
def test_the_outcome_is_read_off_the_curve(losses, outcome):
    assert outcome_of(losses) == outcome


def test_pure_noise_hardly_ever_looks_like_learning():
    generator = np.random.default_rng(5)
    verdicts = [outcome_of(2.4 + generator.normal(0, 0.2, length)) for length in range(20, 220)]
    assert verdicts.count("learning") <= 4
