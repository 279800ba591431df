"""A report as SARIF 2.1.0 (OASIS), which code hosts show beside a change and in their security pages.

One result per finding; the rules are the symptoms. A finding has no line of code: its location is the run's
folder below the log directory, and its logical location the tensor.
"""

import json
from typing import Any, Final
from urllib.parse import quote

from tb_gradhealth.health import SYMPTOMS, AnySymptom, Finding, Severity
from tb_gradhealth.health.results import Framework
from tb_gradhealth.report.model import Change, Report, RunReport
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.version import __version__

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Final[dict[Severity, str]] = {"critical": "error", "warning": "warning", "info": "note"}
STATES: Final[dict[Change, str]] = {"new": "new", "worse": "updated", "known": "unchanged"}


def as_sarif(report: Report, fail_on: Severity) -> str:
    """The report as SARIF; muted findings are suppressed results, unread data are notifications."""
    problems = [*report.problems, *(problem for run in report.runs for problem in run.problems)]
    frameworks = {finding.framework for run in report.runs for finding in run.findings}
    framework = frameworks.pop() if len(frameworks) == 1 else ""
    indices = {symptom: index for index, symptom in enumerate(SYMPTOMS)}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "gradhealth",
                        "version": __version__,
                        "rules": [_rule(symptom, framework) for symptom in SYMPTOMS.values()],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not problems,
                        "toolExecutionNotifications": [
                            {
                                "level": "error",
                                "message": {"text": visible(f"{each.path}: {each.message}".lstrip(": "))},
                            }
                            for each in problems
                        ],
                    }
                ],
                "originalUriBaseIds": {"LOGDIR": {"description": {"text": "the log directory"}}},
                "results": [
                    _result(run, finding, indices) for run in report.runs for finding in run.findings
                ],
            }
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _rule(symptom: type[AnySymptom], framework: Framework) -> dict[str, Any]:
    return {
        "id": symptom.id,
        "name": "".join(part.capitalize() for part in symptom.id.split("-")),
        "shortDescription": {"text": symptom.title},
        "fullDescription": {"text": symptom.meaning},
        "help": {
            "text": "What to try: "
            + " ".join(f"{number}. {each}" for number, each in enumerate(symptom.advice_for(framework), 1))
        },
    }


def _result(run: RunReport, finding: Finding, indices: dict[str, int]) -> dict[str, Any]:
    name, tensor = visible(run.run), visible(finding.tensor)
    result: dict[str, Any] = {
        "ruleId": finding.symptom,
        "ruleIndex": indices[finding.symptom],
        "level": LEVELS[finding.severity],
        "message": {"text": f"{name}: {visible(finding.message)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(run.run, errors="replace") + "/", "uriBaseId": "LOGDIR"}
                },
                "logicalLocations": [
                    {"name": tensor, "fullyQualifiedName": f"{name}/{tensor}", "kind": finding.kind}
                ],
            }
        ],
        "partialFingerprints": {"run/v1": name, "findingId/v1": finding.id},
        "properties": {
            "state": finding.state,
            "openedStep": finding.opened_step,
            "lastStep": finding.last_step,
            "likelyOrigin": finding.origin,
        },
    }
    if finding.muted:
        result["suppressions"] = [{"kind": "external", "justification": visible(finding.muted)}]
    if finding.id in run.changes:
        result["baselineState"] = STATES[run.changes[finding.id]]
    return result
