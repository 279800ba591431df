"""Recorded time series in bounded memory, and the queries of charts.

* ``history``: one recorder's points (``envelope``: the extremes of records that were thinned out;
  ``rule_values``: what rules measured) and ``epochs``.
* ``buckets`` reads a statistic over a range of steps, ``derived`` computes statistics that no record holds,
  ``chart_queries`` serves the tab's chart routes.
"""

from tb_gradhealth.health.series.buckets import Buckets, Reduction
from tb_gradhealth.health.series.chart_queries import (
    ALL_STEPS,
    StepRange,
    query_heatmap,
    query_magnitudes,
    query_series,
    query_steps,
)
from tb_gradhealth.health.series.derived import DERIVED, SMALLEST_WEIGHT_RMS, derived_of
from tb_gradhealth.health.series.epochs import EpochLog, EpochTrend
from tb_gradhealth.health.series.history import BUDGET, History, Point
from tb_gradhealth.health.series.rule_values import NO_VALUES, rule_values_of

__all__ = [
    "ALL_STEPS",
    "BUDGET",
    "DERIVED",
    "NO_VALUES",
    "SMALLEST_WEIGHT_RMS",
    "Buckets",
    "EpochLog",
    "EpochTrend",
    "History",
    "Point",
    "Reduction",
    "StepRange",
    "derived_of",
    "query_heatmap",
    "query_magnitudes",
    "query_series",
    "query_steps",
    "rule_values_of",
]
