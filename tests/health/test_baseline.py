"""The baseline of a block of records equals one that is updated row by row and record by record."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.health.protocol.baseline import Baseline


class Past:
    """The past of one row, by the docstrings of the baseline."""

    def __init__(self):
        self.logs, self.center, self.spread = [], np.nan, np.nan
        self.seen = self.outliers = 0

    def see(self, value, limit):
        """The count, median and score of a value, which is added unless its score is above the limit."""
        if self.seen <= 16 or self.seen % 4 == 0:
            logs = np.array(self.logs[-32:])
            self.center = np.median(logs) if logs.size else np.nan
            self.spread = 1.4826 * np.median(np.abs(logs - self.center)) + 0.05 if logs.size else np.nan
        self.seen += 1
        log = np.log(value) if value > 0 else np.nan
        count, score = min(len(self.logs), 32), (log - self.center) / self.spread
        self.outliers = self.outliers + 1 if score > limit else 0
        if np.isfinite(log) and (not self.outliers or self.outliers > 32):
            self.logs.append(log)
        return count, np.exp(self.center), score


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    records=st.integers(1, 120),
    size=st.integers(1, 120),
    wild=st.sampled_from([0.0, 0.02, 0.3]),
    limit=st.sampled_from([0.5, 2.0, 6.0]),
)
def test_a_block_of_records_gives_what_single_records_give(seed, records, size, wild, limit):
    generator = np.random.default_rng(seed)
    values = np.exp(generator.normal(0, 0.1, (records, 6)))
    values[generator.random(values.shape) < wild] *= 50
    values[generator.random(values.shape) < wild / 2] = np.nan
    values[generator.random(values.shape) < wild / 4] = 0
    values[generator.random(values.shape) < wild / 8] = np.inf
    values[generator.integers(records) :, 0] *= 100  # a level that stays
    expected = [Past() for _ in range(6)]
    baseline = Baseline().resized(4)
    with np.errstate(all="ignore"):
        for begin in range(0, records, size):
            if begin:
                baseline = baseline.resized(6)  # rows that join later
            some = values[begin : begin + size, : len(baseline.past)]
            usual, runs, baseline = baseline.compare(some, lambda usual, rows: usual.score > limit)
            for record, row in np.ndindex(some.shape):
                past = expected[row]
                past.seen = begin + record
                found = [part[record, row] for part in (usual.count, usual.median, usual.score)]
                np.testing.assert_allclose(found, past.see(some[record, row], limit), rtol=1e-12)
                assert runs[record, row] == past.outliers
