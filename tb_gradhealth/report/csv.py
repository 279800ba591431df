"""A report as CSV, with one row per finding, for spreadsheets and data frames."""

import csv
import io
import math
from typing import Final

from tb_gradhealth.health import Finding, Severity
from tb_gradhealth.report.model import Report
from tb_gradhealth.report.sanitizing import spreadsheet_cell

COLUMNS: Final = (
    "run",
    "severity",
    "symptom",
    "kind",
    "tensor",
    "layer",
    "state",
    "opened_step",
    "last_step",
    "peak_step",
    "resolved_step",
    "count",
    "value",
    "threshold",
    "origin",
    "incident",
    "muted",
    "message",
    "id",
    "follows",
    "unit",
    "change",
)


def as_csv(report: Report, fail_on: Severity) -> str:
    """The report as RFC 4180 with a header; numbers that are not finite are empty, no text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for run in report.runs:
        for finding in run.findings:
            cells = (_cell(finding, column) for column in COLUMNS[1:-1])
            writer.writerow([spreadsheet_cell(run.run), *cells, run.changes.get(finding.id, "")])
    return text.getvalue()


def _cell(finding: Finding, column: str) -> object:
    value = getattr(finding, column)
    if isinstance(value, str):
        return spreadsheet_cell(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if isinstance(value, float) and not math.isfinite(value) else value
