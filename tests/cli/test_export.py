"""`gradhealth export`: metrics as Prometheus' own parser reads them, over a real HTTP server."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from run_log import BAD, GOOD, RunLog

from tb_gradhealth.cli import main
from tb_gradhealth.record import Row, RowTable

DASHBOARD = Path(__file__).parents[2] / "demo" / "grafana-dashboard.json"
TABLE = RowTable((Row("dense/kernel", "gradient", "dense", "kernel", 0, (8, 8)),), settings={"every": 10})


def write(folder, *rows, at=0):
    with RunLog(folder, TABLE) as log:
        for index, row in enumerate(rows):
            log.record(at + 10 * index, row)


def export(*arguments):
    return CliRunner().invoke(main, ["export", "--prometheus", *map(str, arguments)])


def samples(text):
    """The value of each series, by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def runs_of(found):
    return {dict(labels)["run"] for _, *labels in found if labels}


def test_each_run_has_its_findings_steps_and_age(tmp_path):
    write(tmp_path / "sick", GOOD, BAD, BAD)
    write(tmp_path / "fine", GOOD, GOOD)
    found = samples(export(tmp_path).stdout)
    finding = ("run", "sick"), ("severity", "critical"), ("symptom", "non-finite")
    assert {key: found[key] for key in found if key[0] == "gradhealth_open_findings"} == {
        ("gradhealth_open_findings", *finding): 1
    }
    assert found["gradhealth_last_step", ("run", "sick")] == 20
    assert found["gradhealth_records", ("run", "fine")] == 2
    assert found["gradhealth_verdict", ("run", "sick"), ("verdict", "critical")] == 1
    age = time.time() - found["gradhealth_last_record_timestamp_seconds", ("run", "sick")]
    assert found["gradhealth_last_record_age_seconds", ("run", "sick")] == pytest.approx(age, abs=60)
    assert found["gradhealth_runs",] == 2


def test_the_number_of_series_is_bounded_and_urgent_runs_remain(tmp_path):
    for number in range(6):
        write(tmp_path / f"run_{number}", GOOD, *([BAD] if number == 4 else [GOOD]))
    found = samples(export(tmp_path, "--max-runs", 2).stdout)
    assert len(runs_of(found)) == 2
    assert "run_4" in runs_of(found)
    assert (found["gradhealth_runs",], found["gradhealth_runs_omitted",]) == (6, 4)


def test_a_missing_directory_is_a_problem_not_a_failure(tmp_path):
    found = samples(export(tmp_path / "nowhere").stdout)
    assert (found["gradhealth_runs",], found["gradhealth_log_directory_problems",]) == (0, 1)


def test_hostile_names_stay_labels(tmp_path):
    write(tmp_path / 'a"} 1\nb', GOOD)
    assert runs_of(samples(export(tmp_path).stdout)) == {'a"} 1\\x0ab'}


def test_a_scrape_reads_what_is_new(tmp_path):
    write(tmp_path / "run", GOOD)
    command = [sys.executable, "-m", "tb_gradhealth.cli", "export", str(tmp_path), "--prometheus", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = re.search(r"http://\S+", process.stdout.readline())[0]
            with urllib.request.urlopen(url, timeout=30) as response:
                assert b'gradhealth_records{run="run"} 1.0' in response.read()
            time.sleep(1.1)  # the names of event files contain seconds
            write(tmp_path / "run", GOOD, BAD, at=10)
            with urllib.request.urlopen(url, timeout=30) as response:
                content = response.read()
            assert b'gradhealth_records{run="run"} 3.0' in content
            assert b"non-finite" in content
        finally:
            process.terminate()


def test_the_dashboard_asks_for_metrics_that_exist(tmp_path):
    write(tmp_path / "run", GOOD, BAD)
    names = {name for name, *_ in samples(export(tmp_path).stdout)}
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    expressions = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    asked = set(re.findall(r"gradhealth_\w+", expressions))
    assert len(asked) >= 5
    assert asked <= names


def test_the_format_has_to_be_named(tmp_path):
    result = CliRunner().invoke(main, ["export", str(tmp_path)])
    assert result.exit_code == 2
    assert "--prometheus" in result.stderr
