"""Event files whose run, tensor and layer names are attacks: harmless in every form of the report."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from hostile import CONTROLS, NAMES
from run_log import RunLog

from tb_gradhealth.cli.main import main
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.report.sanitizing import spreadsheet_cell, visible

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "nav",
        "section",
        "article",
        "footer",
    ),
    *("h1", "h2", "h3", "p", "ol", "li", "a", "bdi", "span", "div", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *("svg", "desc", "rect", "path", "text", "polygon", "polyline", "circle"),
}
"""The tags of the page."""

FORMS = ("text", "json", "markdown", "html", "csv", "junit", "sarif")


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Runs with names as hostile as a file system takes, each with every hostile tensor, all of them sick."""
    logs = tmp_path_factory.mktemp("logs")
    rows = [Row(name, "gradient", f"layer {name}", "kernel", 0, (8, 8)) for name in NAMES.values()]
    for run in ("=1+1", "<script>document.title='owned'<", "a\nb\x1b[31m", "\u202eevil", "@all|x"):
        with RunLog(logs / run, RowTable(tuple(rows))) as log:
            sick = {"rms": 1, "nan_count": 1, "inf_count": 0, "bad_steps": 1, "bad_ago": 0}
            log.record(0, *[sick] * len(rows))
    return logs


@pytest.fixture(scope="module")
def reports(logs):
    found = {}
    for form in FORMS:
        result = CliRunner().invoke(main, ["check", str(logs), "--format", form])
        assert result.exit_code == 1, result.output
        found[form] = result.stdout
    return found


@pytest.mark.parametrize("form", FORMS)
def test_nothing_that_moves_a_cursor_or_turns_text_around_comes_through(reports, form):
    assert not CONTROLS & set(reports[form].replace("\r\n", "\n"))


@pytest.mark.parametrize("form", ["text", "markdown", "html", "csv", "junit", "sarif"])
def test_a_name_of_any_length_is_shown_short(reports, form):
    assert "x" * 2_000 not in reports[form]


def test_the_json_report_keeps_every_name_to_the_letter(reports):
    (tensors,) = {
        tuple(finding["tensor"] for finding in run["findings"]) for run in json.loads(reports["json"])["runs"]
    }
    assert sorted(tensors) == sorted(NAMES.values())


def test_the_page_holds_the_names_as_text(reports):
    class Page(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.attributes, self.text, self.links = set(), set(), [], set()

        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            self.attributes |= {name for name, _ in attributes}
            self.links |= {value for name, value in attributes if name == "href"}

        def handle_startendtag(self, tag, attributes):
            self.handle_starttag(tag, attributes)

        def handle_data(self, data):
            self.text.append(data)

    page = Page()
    page.feed(reports["html"])
    assert page.tags <= TAGS
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {
        "src",
        "style",
    }
    assert page.links == {f"#run-{number}" for number in range(1, 6)}
    assert NAMES["html"] in page.text
    assert "49" not in page.text


def test_no_cell_is_a_formula(reports):
    lines = list(csv.DictReader(io.StringIO(reports["csv"])))
    assert len(lines) == 5 * len(NAMES)
    for line in lines:
        for text in line.values():
            assert not text.lstrip(" '\"").startswith(("=", "+", "-", "@")) or text.startswith("'")
    assert {line["value"] for line in lines} == {"1.0"}


def test_the_junit_file_is_xml_that_says_what_failed(reports):
    root = ElementTree.fromstring(reports["junit"])
    assert root.get("failures") == "5"
    assert len(root.findall(".//testsuite")) == 5
    assert not root.findall(".//evil")
    for failure in root.iter("failure"):
        assert len(failure.text.splitlines()) == len(NAMES)


def test_markdown_makes_no_link_and_calls_nobody(reports):
    table = [line for line in reports["markdown"].splitlines() if line.startswith("| critical")]
    assert len(table) >= len(NAMES)  # the tables of the other runs may be too long for a comment
    for line in table:
        assert line.replace("\\|", "").count("|") == 9  # eight cells, whatever their text
    assert "](" not in reports["markdown"]
    assert "<img" not in reports["markdown"].replace("\\<", "")
    assert "@everyone" not in reports["markdown"]
    assert "://" not in reports["markdown"]


def test_the_text_report_reads_no_markup(reports):
    assert "[bold red]x[/bold red]" in reports["text"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_what_is_visible_stays_as_it_is(name):
    assert visible(visible(name, 10**6), 10**6) == visible(name, 10**6)
    assert visible("Ünïcödé 層/kernel:0") == "Ünïcödé 層/kernel:0"


@pytest.mark.parametrize("text", ["dense/kernel", "a-b", "1e-3 is below"])
def test_ordinary_cells_stay_as_they_are(text):
    assert spreadsheet_cell(text) == text


@pytest.mark.parametrize("name", ["-2;@SUM(1)", "a;=1+1", "a; =1+1;b", "＝1;＋2", " =1"])
def test_a_cell_is_no_formula_where_a_semicolon_parts_cells_either(name):
    parts = next(csv.reader([spreadsheet_cell(name)], delimiter=";"))
    assert not [
        part for part in parts if part.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    ]
