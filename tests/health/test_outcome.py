"""The trend of the loss, on curves whose outcome is known by construction."""

import math
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_gradhealth.health.loss.outcome import LossTrend, outcome_of

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


def expected_outcome(losses):
    """Outcome, start, best window, and whether the last losses improve, by the definitions."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    recorded = [loss for loss in losses if not math.isnan(loss)]
    first, middle = (finite[0], median(finite[:3])) if finite else (math.nan, math.nan)
    thrown = first > 0 and middle >= 0 and (middle == 0 or max(first / middle, middle / first) > 3)
    if finite and not thrown:
        first = middle
    ends = range(5, len(finite) + 1, 5)
    best = min((median(finite[end - 5 : end]) for end in ends), default=math.inf)
    improves = False
    if len(finite) >= 8:
        size = min(10, len(finite) // 2)
        before, after = finite[-2 * size : -size], finite[-size:]
        then, now = median(before), median(after)
        spread = median([abs(loss - then) for loss in before] + [abs(loss - now) for loss in after])
        error = 1.25 * 1.4826 * spread * math.sqrt(2 / size)
        improves = then - now >= max(0.03 * abs(then), 3e-14, 3 * error)
    if recorded and not any(map(math.isfinite, recorded[-5:])):
        return "diverging", first, best, improves
    if len(finite) < 10:
        return "undecided" if recorded else "unknown", first, best, improves
    recent = median(finite[-5:])
    if first - recent >= 0.3 * max(abs(first), 1e-12) or (recent < first and improves):
        return "learning", first, best, improves
    diverged = recent - best >= max(abs(best), 1e-12)
    diverged |= recent - first >= max(abs(first), 1e-12) and not improves
    return "diverging" if diverged else "stalled", first, best, improves


@given(
    st.lists(
        st.one_of(
            st.floats(-4, 4, width=16), st.floats(0, 50, width=16), st.sampled_from([math.nan, math.inf])
        ),
        min_size=1,
        max_size=60,
    ),
    st.sets(st.integers(1, 59)),
)
def test_each_record_is_told_what_the_losses_up_to_it_say_however_they_are_cut(losses, cuts):
    trend = LossTrend()
    ends = sorted({0, len(losses), *(cut for cut in cuts if cut < len(losses))})
    for begin, end in pairwise(ends):
        losses_so_far = trend.add(np.array(losses[begin:end]))
        improves = losses_so_far.improves()
        for record in range(end - begin):
            outcome, first, best, rising = expected_outcome(losses[: begin + record + 1])
            assert losses_so_far.outcomes[record] == outcome
            np.testing.assert_allclose(
                (losses_so_far.first[record], losses_so_far.best[record]), (first, best), rtol=1e-12
            )
            assert improves[record] == rising
