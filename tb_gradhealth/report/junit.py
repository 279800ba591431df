"""A report as JUnit XML for pipelines: one suite per run, one case per symptom."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from tb_gradhealth.events import Problem
from tb_gradhealth.health import SYMPTOMS, Finding, Severity
from tb_gradhealth.report.model import Report, RunReport
from tb_gradhealth.report.sanitizing import visible

READING = "every record can be read"


def as_junit(report: Report, fail_on: Severity) -> str:
    """The report as JUnit XML.

    Findings of ``fail_on`` or worse are failures unless an earlier report has them, muted findings are
    skipped, unreadable data is an error.
    """
    suites = ElementTree.Element("testsuites", name="gradhealth")
    for run in report.runs:
        _suite(suites, run, fail_on)
    if report.problems:
        suite = ElementTree.SubElement(suites, "testsuite", name="log directory")
        _reading(suite, "log directory", report.problems)
        _count(suite)
    _count(suites)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(suites: ElementTree.Element, run: RunReport, fail_on: Severity) -> None:
    name = visible(run.run)
    suite = ElementTree.SubElement(suites, "testsuite", name=name)
    unread = [*run.problems]
    if run.verdict == "unknown":
        unread.append(Problem("", None, "no readable record"))
    _reading(suite, name, unread)
    not_judged = {each.symptom: each.reason for each in run.not_judged}
    for symptom in SYMPTOMS:
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=symptom)
        of_symptom = [finding for finding in run.findings if finding.symptom == symptom]
        _judge(case, of_symptom, [each for each in run.failing(fail_on) if each.symptom == symptom])
        if symptom in not_judged:
            _not_judged(case, not_judged[symptom])
    _count(suite)


def _judge(case: ElementTree.Element, findings: Sequence[Finding], failing: Sequence[Finding]) -> None:
    counted = [finding for finding in findings if not finding.muted]
    if failing:
        failure = ElementTree.SubElement(
            case, "failure", type=failing[0].severity, message=visible(failing[0].message)
        )
        failure.text = _listed(failing)
    elif findings and not counted:
        ElementTree.SubElement(case, "skipped", message="muted: " + visible(findings[0].muted))
    if others := [finding for finding in counted if finding not in failing]:
        ElementTree.SubElement(case, "system-out").text = _listed(others)


def _not_judged(case: ElementTree.Element, reason: str) -> None:
    ElementTree.SubElement(case, "skipped", message="not judged: " + visible(reason))


def _reading(suite: ElementTree.Element, name: str, problems: Sequence[Problem]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=name, name=READING)
    if problems:
        lines = [visible(f"{problem.path}: {problem.message}".lstrip(": ")) for problem in problems]
        ElementTree.SubElement(case, "error", message=lines[0]).text = "\n".join(lines)


def _listed(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.severity}: {visible(finding.message)}" for finding in findings)


def _count(suite: ElementTree.Element) -> None:
    """Set the totals, which some readers require."""
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
