"""Event files of released versions are read and judged for ever as they were then: see ``kept/``.

``tests/support/kept_runs.py`` wrote them with real trainings. A deliberate change of the rules changes
``judged.json``; the event files and ``read.json``, the numbers in them, never change.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from recorded import Recorded

from tb_gradhealth.cli import main

KEPT = Path(__file__).parent / "kept"
VERSIONS = sorted(path.name for path in KEPT.iterdir())
RUNS = [
    (version, path.name)
    for version in VERSIONS
    for path in sorted((KEPT / version).iterdir())
    if path.is_dir()
]
JUDGED = (
    "symptom",
    "kind",
    "tensor",
    "severity",
    "state",
    "opened_step",
    "last_step",
    "count",
    "origin",
    "follows",
    "framework",
    "unit",
)


def stored(version, name):
    return json.loads((KEPT / version / name).read_text())


def judged(version):
    """Verdict and findings of each run, without ids and texts, whose words may change."""
    done = CliRunner().invoke(main, ["check", str(KEPT / version), "--format", "json"])
    report = json.loads(done.stdout)
    assert report["schema"] == "gradhealth.report/1"
    assert report["problems"] == []
    answer = {}
    for run in report["runs"]:
        assert run["problems"] == []
        names = {finding["id"]: f"{finding['symptom']} of {finding['tensor']}" for finding in run["findings"]}
        answer[run["run"]] = {
            "verdict": run["verdict"],
            "records": run["records"],
            "last_step": run["last_step"],
            "not_judged": sorted(each["symptom"] for each in run["not_judged"]),
            "findings": [
                {name: finding[name] for name in JUDGED}
                | {"follows": names.get(finding["follows"]), "value": float(f"{finding['value']:.5g}")}
                for finding in run["findings"]
            ],
        }
    return answer


def read(version, run):
    """What is in a run's files: names and numbers."""
    recorded = Recorded(KEPT / version, run)
    digest = hashlib.sha256()
    for record in recorded.records:
        digest.update(np.ascontiguousarray(record.values, "<f4").tobytes())
    return {
        "steps": recorded.steps,
        "table": recorded.records[0].table.id,
        "rows": [f"{row.kind} {row.tensor}" for row in recorded.records[0].table.rows],
        "columns": list(recorded.records[0].table.columns),
        "sha256 of the values": digest.hexdigest(),
        "flight recorder": [list(np.shape(each.values)) for each in recorded.steps_written],
        "epochs": [{name: str(value) for name, value in each.values.items()} for each in recorded.epochs],
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdicts_and_findings_are_those_of_then(version):
    now, then = judged(version), stored(version, "judged.json")
    assert now == then
    for run in then.values():
        assert run["verdict"] == "critical"
        assert {"dead-units", "non-finite"} <= {finding["symptom"] for finding in run["findings"]}


@pytest.mark.parametrize(("version", "run"), RUNS)
def test_the_numbers_are_those_of_then(version, run):
    assert read(version, run) == stored(version, "read.json")[run]


def test_each_framework_has_a_run():
    assert {run for _, run in RUNS} == {"tensorflow", "torch", "jax"}


if (
    __name__ == "__main__"
):  # after a deliberate change of the rules, or for a new folder: look at the difference
    for version in VERSIONS:
        (KEPT / version / "judged.json").write_text(json.dumps(judged(version), indent=1) + "\n")
        contents = {run: read(version, run) for folder, run in RUNS if folder == version}
        if not (KEPT / version / "read.json").exists():
            (KEPT / version / "read.json").write_text(json.dumps(contents, indent=1) + "\n")
