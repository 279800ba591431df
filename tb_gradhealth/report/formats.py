"""The formats of a report, by name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tb_gradhealth.health import Severity
from tb_gradhealth.report.csv import as_csv
from tb_gradhealth.report.html import as_html
from tb_gradhealth.report.junit import as_junit
from tb_gradhealth.report.markdown import as_markdown
from tb_gradhealth.report.model import Report
from tb_gradhealth.report.sarif import as_sarif


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        mimetype: its media type.
        file: the name of a file.
        writer: makes the text; findings of the severity or worse count as failures.
        has_charts: whether it needs the points of the incidents' charts.
        has_hparams: whether it shows hyper-parameters, which takes another look into each run's files.
    """

    mimetype: str
    file: str
    writer: Callable[[Report, Severity], str]
    has_charts: bool = False
    has_hparams: bool = False

    def render(self, report: Report, fail_on: Severity = "critical") -> str:
        """The report's text."""
        return self.writer(report, fail_on)


def as_json(report: Report, fail_on: Severity) -> str:
    """The report as JSON, without NaN."""
    return json.dumps(report.as_json(), indent=2, allow_nan=False) + "\n"


FORMATS: Final = {
    "json": Format("application/json", "gradhealth.json", as_json, has_hparams=True),
    "markdown": Format("text/markdown", "gradhealth.md", as_markdown),
    "html": Format("text/html", "gradhealth.html", as_html, has_charts=True, has_hparams=True),
    "csv": Format("text/csv", "gradhealth.csv", as_csv),
    "sarif": Format("application/sarif+json", "gradhealth.sarif", as_sarif),
    "junit": Format("application/xml", "gradhealth-junit.xml", as_junit),
}
