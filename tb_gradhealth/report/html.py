"""A report as one self-contained HTML page with charts, without scripts, images or links to other pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import jinja2

from tb_gradhealth.health import SYMPTOMS, Severity
from tb_gradhealth.health.results import amount, counted, loss_name, value_and_limit
from tb_gradhealth.report.chart_points import MAX_CHARTED, ChartPoints
from tb_gradhealth.report.incidents import Incident, counts_of
from tb_gradhealth.report.model import Report, RunReport
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.report.svg import Chart, line_chart
from tb_gradhealth.rules import toml_of

VALUE_WIDTH, LOSS_WIDTH, HEIGHT = 540, 380, 190
"""Sizes of the charts in pixels."""

LONGEST_TITLE: Final = 120
"""Characters of a heading, or of a name in the table of contents."""


@dataclass(frozen=True)
class Figure:
    """A chart with its texts."""

    chart: Chart
    title: str
    description: str
    axis: str


def as_html(report: Report, fail_on: Severity) -> str:
    """The report as HTML; the template engine escapes every text."""
    charted = _charted(report)
    incidents = sum(len(run.incidents) for run in report.runs)
    drawn = (
        f"Charts are drawn of {'the only incident' if incidents == 1 else f'all {incidents:,} incidents'}."
        if len(charted) == incidents
        else f"Charts are drawn of the first {len(charted):,} of {incidents:,} incidents; the others are "
        "described and listed without charts."
    )
    template = environment().get_template("report.html.j2")
    return template.render(report=report, charted=charted, drawn=drawn if incidents else "")


def _charted(report: Report) -> set[tuple[str, str]]:
    """Run and id of the incidents that are drawn: the most urgent run's first."""
    known = (
        (run.run, incident.id)
        for run in report.runs
        for incident in run.incidents
        if incident.id in run.charts
    )
    return {each for each, _ in zip(known, range(MAX_CHARTED), strict=False)}


def figures(run: RunReport, incident: Incident) -> Iterator[Figure]:
    """The charts of an incident: the measured value of its origin, and the loss."""
    points = run.charts[incident.id]
    yield _value_figure(points, incident)
    if points.loss is not None and points.loss.is_measured:
        yield _loss_figure(points, incident, run)


def _value_figure(points: ChartPoints, incident: Incident) -> Figure:
    origin = incident.origin
    symptom, line = SYMPTOMS[origin.symptom], points.value
    chart = line_chart(
        line,
        width=VALUE_WIDTH,
        height=HEIGHT,
        opened_step=origin.opened_step,
        last_step=origin.last_step,
        unit=origin.unit,
        threshold=origin.threshold,
        peak=(origin.peak_step, origin.value),
        logarithmic=symptom.logarithmic,
    )
    return Figure(
        chart,
        f"{symptom.labels.value} of {visible(origin.tensor, LONGEST_TITLE)}",
        f"{counted(line.records, 'record')}. The limit is {amount(origin.threshold, origin.unit)}; it began "
        f"at step {origin.opened_step:,}; the worst value is {amount(origin.value, origin.unit)}, at step "
        f"{origin.peak_step:,}." + (" Marks at the upper edge are infinite values." if chart.faults else ""),
        f"{symptom.labels.value}{', logarithmic' if chart.is_logarithmic else ''}",
    )


def _loss_figure(points: ChartPoints, incident: Incident, run: RunReport) -> Figure:
    assert points.loss is not None
    first = min(finding.opened_step for finding in incident.findings)
    ends = [finding.resolved_step for finding in incident.findings]
    over = [end for end in ends if end is not None]
    last = max(over) if len(over) == len(ends) else max(run.last_step or 0, first)
    chart = line_chart(
        points.loss, width=LOSS_WIDTH, height=HEIGHT, opened_step=first, last_step=last, shade=True
    )
    name = visible(loss_name(points.loss_name), LONGEST_TITLE)
    return Figure(
        chart,
        f"{name} over the steps",
        f"{counted(points.loss.records, 'record')}. The incident, from step {first:,} to step {last:,}, is "
        "shaded.",
        points.loss_name,
    )


@cache
def environment() -> jinja2.Environment:
    """The templates of the report, with what they call."""
    loader = jinja2.PackageLoader("tb_gradhealth.report", ".")
    found = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters |= {
        "visible": visible,
        "unbroken": _unbroken,
        "value_and_limit": value_and_limit,
        "relations": relations,
        "toml": toml_of,
        "counted": counted,
        "counts": counts_of,
    }
    found.globals["figures"] = figures
    return found


def _unbroken(text: str) -> str:
    """The text with no-break spaces between numbers and their signs, which a line break would part."""
    return re.sub(r"(?<=\d) (?=[×%])", "\u00a0", text)
