"""Derived statistics, compared with those of the tensors themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_gradhealth.health.series import chart_queries
from tb_gradhealth.health.series.chart_queries import query_heatmap
from tb_gradhealth.health.series.derived import DERIVED
from tb_gradhealth.health.series.history import History
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable
from tb_gradhealth.record.magnitudes import magnitude_shares, pack_shares

BIN = 4.0
"""A bin of the histogram covers two octaves: results are exact within this factor."""


def written(tensors, kinds=("gradient",)):
    """A history of one record for each dictionary of tensors by kind."""
    table = RowTable(tuple(Row("d/kernel", kind, "d", "kernel", 0, (8, 8)) for kind in kinds))
    history = History()
    for step, by_kind in enumerate(tensors):
        values = np.full((len(kinds), len(COLUMNS)), np.nan, np.float32)
        for row, kind in enumerate(kinds):
            tensor = np.asarray(by_kind[kind], np.float64)
            values[row, COLUMNS.index("rms")] = np.sqrt(np.mean(tensor**2))
            values[row, -10:] = pack_shares(magnitude_shares(tensor))
        history.append(Record(step, 1e9 + step, table, values))
    return [history]


def shown(histories, kind, column, **how):
    """One row's numbers in a heatmap."""
    return query_heatmap(histories, kind, column, **how).values[0]


@given(scale=st.floats(-8, 2), spread=st.floats(0.1, 2), seed=st.integers(0, 2**32 - 1))
def test_percentiles_lie_in_the_bin_of_the_true_ones(scale, spread, seed):
    tensor = 10**scale * np.exp(np.random.default_rng(seed).normal(0, spread, 4096))
    histories = written([{"gradient": tensor}])
    for name, rank in (("percentile_50", 50), ("percentile_99", 99)):
        (value,) = shown(histories, "gradient", name)
        assert 1 / BIN <= value / np.percentile(np.abs(tensor), rank) <= BIN


@given(scale=st.floats(-7, 0), zeros=st.floats(0, 0.9), seed=st.integers(0, 2**32 - 1))
def test_the_share_below_float16_is_that_of_the_numbers_that_are_not_zero(scale, zeros, seed):
    generator = np.random.default_rng(seed)
    tensor = 10**scale * generator.normal(0, 1, 4096)
    tensor[generator.random(tensor.shape) < zeros] = 0
    (share,) = shown(written([{"gradient": tensor}]), "gradient", "below_float16")
    magnitudes = np.abs(tensor[tensor != 0])
    # Shares are stored in 8 bits of their root, and there are thirty of them.
    assert share == pytest.approx(np.mean(magnitudes < np.finfo(np.float16).smallest_normal), abs=0.02)


def test_the_update_ratio_is_that_of_the_two_tensors_with_a_floor_for_weights_of_zero():
    weights = [np.full(64, 2.0), np.full(64, 0.5), np.zeros(64)]
    updates = [np.full(64, 0.02), np.full(64, 0.01), np.full(64, 1e-4)]
    tensors = [{"update": u, "weight": w} for u, w in zip(updates, weights, strict=True)]
    histories = written(tensors, ("update", "weight"))
    np.testing.assert_allclose(
        shown(histories, "update", "update_ratio"), [0.01, 0.02, 1e-4 / 1e-3], rtol=1e-6
    )


def test_an_update_without_its_weight_has_no_ratio():
    assert np.isnan(shown(written([{"update": np.ones(4)}], ("update",)), "update", "update_ratio")).all()


@pytest.mark.parametrize("name", sorted(set(DERIVED) - {"update_ratio"}))
def test_a_tensor_of_zeros_has_no_magnitudes(name):
    assert np.isnan(shown(written([{"gradient": np.zeros(64)}]), "gradient", name)).all()


@pytest.mark.parametrize("column", ["rms", "percentile_99"])
def test_many_rows_are_taken_in_parts_and_come_back_in_their_places(column, monkeypatch):
    rows = tuple(Row(f"d{i}/kernel", "gradient", f"d{i}", "kernel", i, (8, 8)) for i in range(40))
    table, history = RowTable(rows), History()
    tensors = 10.0 ** -np.arange(40)[:, None] * np.ones(16)
    values = np.full((40, len(COLUMNS)), np.nan, np.float32)
    values[:, COLUMNS.index("rms")] = np.sqrt(np.mean(tensors**2, axis=1))
    values[:, -10:] = [pack_shares(magnitude_shares(tensor)) for tensor in tensors]
    for step in range(20):
        history.append(Record(step, 1e9 + step, table, values))
    whole = query_heatmap([history], "gradient", column)
    monkeypatch.setattr(chart_queries, "MAXIMUM_NUMBERS", 7 * 20)
    parts = query_heatmap([history], "gradient", column)
    assert parts.rows == whole.rows
    np.testing.assert_array_equal(parts.values, whole.values)
    if column == "rms":
        np.testing.assert_allclose(parts.values[:, 0], tensors[:, 0], rtol=1e-6)
