"""The points of an incident's charts: the origin's measured value, and the loss, from the tab's series."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health import Finding, RunHealth
from tb_gradhealth.health.series import Buckets, History, query_series
from tb_gradhealth.report.incidents import Incident, LossCourse

Floats = npt.NDArray[np.float64]

POINTS: Final = 160
"""Largest number of points of a line: one for each three pixels of a chart on a page."""

MAX_CHARTED: Final = 50
"""Incidents of a report that have charts; about 12 kB each, so that a report stays below 1 MB."""


@dataclass(frozen=True)
class Points:
    """A line over the steps; a point that stands for several records has their minimum and maximum.

    Attributes:
        steps: the first step of each point, ascending.
        mean: the values; NaN where nothing was measured.
        low: the minima, likewise.
        high: the maxima, likewise.
        records: number of records that the points stand for.
    """

    steps: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    records: int

    @classmethod
    def of(cls, buckets: Buckets) -> "Points":
        """The points of the first row of some buckets."""
        return cls(
            steps=tuple(buckets.steps.tolist()),
            mean=tuple(buckets.mean[0].tolist()),
            low=tuple(buckets.low[0].tolist()),
            high=tuple(buckets.high[0].tolist()),
            records=int(buckets.records.sum()),
        )

    @property
    def is_measured(self) -> bool:
        """Whether there is any finite value."""
        return any(map(math.isfinite, (*self.mean, *self.low, *self.high)))


@dataclass(frozen=True)
class ChartPoints:
    """The points of the charts of one incident.

    Attributes:
        value: the origin's measured value.
        loss: the loss beside it, None where none was recorded.
        loss_name: its name, empty likewise.
    """

    value: Points
    loss: Points | None
    loss_name: str = ""


def chart_points(health: RunHealth, incidents: Iterable[Incident]) -> dict[str, ChartPoints]:
    """The points of the charts of some incidents of a run, by the incident's id."""
    losses: dict[tuple[int, str], Points] = {}
    found = {}
    for incident in incidents:
        identity = incident.origin.id
        history = health.history_of(identity)
        name = loss_beside(history, incident.origin)
        key = id(history), name
        if name and key not in losses:
            losses[key] = Points.of(query_series([history], "loss", name, ["mean"], maximum=POINTS)["mean"])
        found[incident.id] = ChartPoints(_measured(health, identity), losses.get(key), name)
    return found


def loss_courses(health: RunHealth, findings: Iterable[Finding]) -> dict[str, LossCourse]:
    """The course of the loss around each incident, by the incident's id.

    Args:
        health: of the run.
        findings: sorted, so that the origin of an incident comes before its other findings.
    """
    origins: dict[str, Finding] = {}
    for finding in findings:
        origins.setdefault(finding.incident, finding)
    losses: dict[tuple[int, str], tuple[Floats, Floats]] = {}
    courses = {}
    for incident, origin in origins.items():
        history = health.history_of(origin.id)
        name = loss_beside(history, origin)
        if not name:
            continue
        key = id(history), name
        if key not in losses:
            losses[key] = _finite_losses(history, name)
        bad_since = health.loss_bad_since(origin.id) if name == "loss" else None
        courses[incident] = _course(name, *losses[key], origin.opened_step, bad_since)
    return courses


def _finite_losses(history: History, name: str) -> tuple[Floats, Floats]:
    row = history.row("loss", name)
    assert row is not None
    values = history.series(row, "mean")
    finite = np.isfinite(values)
    return history.steps()[finite].astype(np.float64), values[finite]


def _course(name: str, steps: Floats, values: Floats, opened_step: int, bad_since: int | None) -> LossCourse:
    if not steps.size:
        return LossCourse(name, bad_since=bad_since)
    before = max(int(np.searchsorted(steps, opened_step, "right")) - 1, 0)
    first, newest = ((int(steps[index]), float(values[index])) for index in (before, -1))
    return LossCourse(name, first, newest, bad_since)


def loss_beside(history: History, finding: Finding) -> str:
    """Name of the loss to show beside a finding: its own, else ``loss``, else the first; or empty."""
    names = [row.tensor for row in history.rows if row.kind == "loss" and not row.not_measured]
    own = [finding.tensor] if finding.kind == "loss" else []
    return next((name for name in [*own, "loss"] if name in names), names[0] if names else "")


def _measured(health: RunHealth, identity: str) -> Points:
    columns = health.evidence(identity).columns
    values = columns["value"][None]
    ones = np.ones(columns["step"].size, np.int64)
    return Points.of(Buckets(columns["step"], ones, values, values, values, True).pooled(POINTS))
