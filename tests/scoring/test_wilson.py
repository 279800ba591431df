"""Wilson's interval, against SciPy's and against a published one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tb_gradhealth.scoring import Share

counts = st.integers(1, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(counts)
def test_it_is_the_interval_that_scipy_gives(count):
    theirs = binomtest(*count).proportion_ci(0.95, method="wilson")
    assert Share(*count).interval == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_it_is_the_interval_in_the_literature():
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(15, 148).interval == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert Share(1, 29).interval == pytest.approx((0.0061, 0.1718), abs=5e-5)


@given(counts)
def test_it_holds_the_share_and_stays_between_none_and_all(count):
    share = Share(*count)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1


def test_without_trials_everything_is_possible():
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, (0.0, 1.0))


@pytest.mark.parametrize("count", [(2, 1), (-1, 3)])
def test_more_hits_than_trials_are_refused(count):
    with pytest.raises(ValueError, match="is no share"):
        Share(*count)
