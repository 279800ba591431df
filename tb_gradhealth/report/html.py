"""A report as one HTML page that needs nothing else: no script, no address, no picture."""

from functools import cache

import jinja2

from tb_gradhealth.health import Severity
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.inert import visible
from tb_gradhealth.report.model import Report
from tb_gradhealth.report.relation import relations


def as_html(report: Report, fail_on: Severity) -> str:
    """The page; every text is escaped by the template engine."""
    return _template().render(report=report)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("tb_gradhealth.report", ".")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"visible": visible, "value_and_limit": value_and_limit, "relations": relations}
    return environment.get_template("report.html.j2")
