"""The magnitude histogram and its packing, against closed forms."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tb_gradhealth.record.magnitudes import BINS, EDGES, magnitude_shares, pack_shares, unpack_shares

finite = st.floats(min_value=-(2.0**120), max_value=2.0**120, allow_subnormal=True)


@given(st.integers(-149, 120), st.sampled_from([1.0, 1.5, 1.999]), st.sampled_from([-1.0, 1.0]))
def test_a_value_falls_between_the_edges_of_its_bin(exponent, mantissa, sign):
    shares = magnitude_shares([sign * mantissa * 2.0**exponent])
    assert shares.sum() == 1
    assert int(shares.argmax()) == int((exponent >= EDGES).sum())


@given(hnp.arrays(np.float64, st.integers(0, 50), elements=finite))
def test_shares_count_like_a_plain_loop(values):
    counted = np.zeros(BINS)
    for value in values:
        if value != 0:
            counted[sum(abs(value) >= 2.0 ** float(edge) for edge in EDGES)] += 1
    expected = counted / max(counted.sum(), 1)
    np.testing.assert_allclose(magnitude_shares(values), expected, rtol=1e-12)


def test_zeros_and_non_finite_values_have_no_magnitude():
    assert magnitude_shares([0.0, -0.0, np.nan, np.inf, -np.inf]).sum() == 0


@given(hnp.arrays(np.float64, (3, BINS), elements=st.floats(0, 1)))
def test_packing_keeps_every_share_to_its_resolution(shares):
    again = unpack_shares(pack_shares(shares))
    # A code is off by half a unit at most: |sqrt(a) - sqrt(b)| <= 0.5 / 255.
    assert np.abs(np.sqrt(again) - np.sqrt(shares)).max() <= 0.5 / 255 + 1e-6


def test_packed_columns_are_whole_numbers_that_float32_holds_exactly():
    packed = pack_shares(np.ones(BINS))
    assert packed.tolist() == [float(2**24 - 1)] * 10


def test_columns_that_no_writer_wrote_read_as_not_measured():
    assert np.isnan(unpack_shares(np.array([np.nan, -1.0, 2.0**24, np.inf] + [0.0] * 6))[:12]).all()
