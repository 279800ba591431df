"""Compares a report with an earlier one, so that a pipeline fails only on what is new or worse."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tb_gradhealth.health import SEVERITIES, Finding, at_least
from tb_gradhealth.report.model import SCHEMA, Change, Report, RunReport


class BaselineError(ValueError):
    """The earlier report cannot be used; the message names the file and the reason."""


@dataclass(frozen=True)
class Baseline:
    """The findings of an earlier report, by run and finding id; muted ones do not count."""

    runs: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @classmethod
    def load(cls, path: str) -> "Baseline":
        """The report that ``gradhealth check --format json`` wrote to a file.

        Raises:
            BaselineError: the file cannot be read or is no such report.
        """
        try:
            report = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BaselineError(f"{path}: cannot be read as JSON: {error}") from None
        try:
            if report["schema"] != SCHEMA:
                raise BaselineError(f"{path}: is {report['schema']!r}, not a {SCHEMA}")
            return cls({run["run"]: _by_id(run["findings"]) for run in report["runs"]})
        except BaselineError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError):
            raise BaselineError(
                f"{path}: is no {SCHEMA}, as `gradhealth check --format json` writes it"
            ) from None

    def compared(self, report: Report) -> Report:
        """The report with the change of each finding, and the findings that are gone.

        Runs are compared with the run of the same name, and where both reports have a single run, with each
        other. All findings of a run without a counterpart are new.
        """
        alone = len(report.runs) == len(self.runs) == 1
        runs = []
        for run in report.runs:
            earlier = next(iter(self.runs.values())) if alone else self.runs.get(run.run, {})
            runs.append(_compared(run, earlier))
        return replace(report, runs=tuple(runs))


def _by_id(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    counted = {finding["id"]: finding for finding in findings if not finding.get("muted")}
    for finding in counted.values():
        SEVERITIES.index(finding["severity"])  # raises ValueError for an unknown one
        str(finding["message"])
    return counted


def _compared(run: RunReport, earlier: Mapping[str, Mapping[str, Any]]) -> RunReport:
    changes = {finding.id: _change(finding, earlier.get(finding.id)) for finding in run.findings}
    found = {finding.id for finding in run.findings if not finding.muted}
    gone = tuple(str(each["message"]) for identity, each in earlier.items() if identity not in found)
    return replace(run, changes=changes, gone=gone)


def _change(finding: Finding, earlier: Mapping[str, Any] | None) -> Change:
    if earlier is None:
        return "new"
    return "known" if at_least(earlier["severity"], finding.severity) else "worse"
