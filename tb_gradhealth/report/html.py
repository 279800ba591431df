"""A report as one self-contained HTML page without scripts, links or images."""

from functools import cache

import jinja2

from tb_gradhealth.health import Severity
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.model import Report
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.rules import toml_of


def as_html(report: Report, fail_on: Severity) -> str:
    """The report as HTML; the template engine escapes every text."""
    return _template().render(report=report)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("tb_gradhealth.report", ".")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "visible": visible,
        "value_and_limit": value_and_limit,
        "relations": relations,
        "toml": toml_of,
    }
    return environment.get_template("report.html.j2")
