"""Recorded time series in bounded memory, and the queries that charts ask of them.

`History` holds one recorder's points and epochs. `buckets` reads a statistic over a range of steps,
`derived` computes statistics that no record holds, `chart_queries` answers the tab's chart routes.
"""

from tb_gradhealth.health.series.buckets import Cells, Reduction
from tb_gradhealth.health.series.chart_queries import (
    ALL_STEPS,
    StepRange,
    query_heatmap,
    query_magnitudes,
    query_series,
    query_steps,
)
from tb_gradhealth.health.series.derived import DERIVED, SMALLEST_WEIGHT, derived_of
from tb_gradhealth.health.series.epochs import EpochLog, EpochTrend
from tb_gradhealth.health.series.history import BUDGET, History, Point
from tb_gradhealth.health.series.rule_values import NOTHING, measured_on

__all__ = [
    "ALL_STEPS",
    "BUDGET",
    "DERIVED",
    "NOTHING",
    "SMALLEST_WEIGHT",
    "Cells",
    "EpochLog",
    "EpochTrend",
    "History",
    "Point",
    "Reduction",
    "StepRange",
    "derived_of",
    "measured_on",
    "query_heatmap",
    "query_magnitudes",
    "query_series",
    "query_steps",
]
