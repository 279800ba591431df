"""`gradhealth.load` against what was written, and against the command line's report."""

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from run_log import RunLog

import tb_gradhealth as gradhealth
from tb_gradhealth.cli import main
from tb_gradhealth.record import Row, RowTable

ROWS = (
    Row("head/kernel", "gradient", "head", "kernel", 1, (4, 4)),
    Row("stem/kernel", "gradient", "stem", "kernel", 0, (4, 4)),
    Row("stem", "activation", "stem", "activation", 0, (-1, 4), activation="relu"),
)
TABLE = RowTable(ROWS, settings={"every": 10}, watched=(0, 1, 2))


def write(folder, steps, nan=0.0):
    with RunLog(folder, TABLE) as log:
        for step in steps:
            log.record(
                step, {"rms": step + 1, "mean": 0.5}, {"rms": 2 * step, "nan_count": nan}, {"maximum": 3}
            )


@pytest.fixture
def logs(tmp_path):
    write(tmp_path / "fine", range(0, 100, 10))
    write(tmp_path / "sick", range(0, 100, 10), nan=3)
    return tmp_path


def test_runs_are_judged_as_by_check(logs):
    runs = gradhealth.load(logs)
    report = json.loads(CliRunner().invoke(main, ["check", str(logs), "--format", "json"]).stdout)["runs"]
    assert {name: (run.verdict, run.headline) for name, run in runs.items()} == {
        each["run"]: (each["verdict"], each["headline"]) for each in report
    }
    assert [finding.id for finding in runs["sick"].findings] == [
        finding["id"] for each in report if each["run"] == "sick" for finding in each["findings"]
    ]
    assert repr(runs["sick"]) == "Run('sick', critical, 1 findings)"


def test_statistics_are_the_numbers_written_in_causal_order(logs):
    gradients = gradhealth.load(logs)["fine"].statistics("gradient", ["rms", "mean"])
    steps = np.arange(0, 100, 10)
    np.testing.assert_array_equal(gradients.steps, steps)
    assert gradients.tensors == ("stem/kernel", "head/kernel")
    assert gradients.layers == ("stem", "head")
    np.testing.assert_array_equal(gradients["rms"], np.stack([2 * steps, steps + 1], axis=1))
    np.testing.assert_array_equal(gradients.of("stem/kernel")["mean"], np.full(10, np.nan))
    assert gradients.values.dtype == np.float32
    assert gradhealth.load(logs)["fine"].statistics("loss").values.shape[:2] == (0, 0)


def test_every_record_is_read_not_only_those_in_memory(tmp_path):
    write(tmp_path / "long", range(3_000))
    rms = gradhealth.load(tmp_path)["long"].statistics("gradient", ["rms"])
    np.testing.assert_array_equal(rms.steps, np.arange(3_000))
    np.testing.assert_array_equal(rms.of("head/kernel")["rms"], np.arange(1, 3_001))


def test_training_that_goes_back_replaces_its_records(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        for step, value in ((0, 1), (10, 2), (20, 3), (10, 7), (30, 8)):
            log.record(step, {"rms": value}, {}, {})
    rms = gradhealth.load(tmp_path)["run"].statistics("gradient", ["rms"])
    np.testing.assert_array_equal(rms.steps, [0, 10, 30])
    np.testing.assert_array_equal(rms.of("head/kernel")["rms"], [1, 7, 8])


def test_two_recorders_and_a_table_that_changes_share_an_array(tmp_path):
    one = RowTable((ROWS[0],), stream="a", settings={"every": 10})
    grown = RowTable(ROWS[:2], stream="a", settings={"every": 10})
    other = RowTable((Row("d/kernel", "gradient", "d", "kernel", 2, (4, 4)),), stream="b")
    for name, table, steps in (("1", one, (0, 10)), ("2", grown, (20,)), ("3", other, (5, 20))):
        with RunLog(tmp_path / "run" / name, table) as log:
            for step in steps:
                log.record(step, *[{"rms": step + index} for index in range(len(table.rows))])
        (file,) = (tmp_path / "run" / name).iterdir()
        file.rename(tmp_path / "run" / f"events.out.tfevents.{name}.host")
        (tmp_path / "run" / name).rmdir()
    rms = gradhealth.load(tmp_path)["run"].statistics("gradient", ["rms"])
    assert rms.tensors == ("stem/kernel", "head/kernel", "d/kernel")
    np.testing.assert_array_equal(rms.steps, [0, 5, 10, 20])
    nan = np.nan
    np.testing.assert_array_equal(rms["rms"], [[nan, 0, nan], [nan, nan, 5], [nan, 10, nan], [21, 20, 20]])


def test_steps_are_those_of_the_flight_recorder(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        log.record(0, {"rms": 1}, {"rms": 1}, {})
        log.steps(12, [[1, 2, 3], [4, 5, 6]])
        log.steps(20, [[7, 8, 9]])
    run = gradhealth.load(tmp_path)["run"]
    gradients = run.steps("gradient")
    np.testing.assert_array_equal(gradients.steps, [11, 12, 20])
    np.testing.assert_array_equal(gradients["rms"], [[2, 1], [5, 4], [8, 7]])
    np.testing.assert_array_equal(run.steps("activation")["peak_max"], [[3], [6], [9]])


def test_epochs(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        log.record(0, {"rms": 1}, {"rms": 1}, {})
        log.epoch(9, loss=2.0)
        log.epoch(19, loss=1.0, val_loss=3.0)
    epochs = gradhealth.load(tmp_path)["run"].epochs()
    np.testing.assert_array_equal(epochs["step"], [9, 19])
    np.testing.assert_array_equal(epochs["loss"], [2, 1])
    np.testing.assert_array_equal(epochs["val_loss"], [np.nan, 3])


def test_data_frames_and_data_sets_hold_the_same_numbers(logs):
    runs = gradhealth.load(logs)
    statistics = runs["fine"].statistics("gradient", ["rms", "mean"])
    frame = statistics.to_pandas()
    assert frame.loc[(30, "head/kernel"), "rms"] == 31
    assert frame.shape == (20, 2)
    data = statistics.to_xarray()
    assert float(data["rms"].sel(step=30, tensor="head/kernel")) == 31
    assert data["layer"].sel(tensor="stem/kernel").item() == "stem"
    findings = runs.findings()
    assert list(findings["run"]) == ["sick"]
    assert list(findings["symptom"]) == ["non-finite"]


def test_rules_are_those_of_check(logs, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text("version = 1\n[symptoms.non-finite]\nenabled = false\n")
    assert gradhealth.load(logs, rules=str(rules))["sick"].findings == ()


def test_mistakes_say_what_there_is(logs):
    runs = gradhealth.load(logs)
    with pytest.raises(KeyError, match="there are fine, sick"):
        runs["other"]
    with pytest.raises(ValueError, match="gradient, "):
        runs["fine"].statistics("gradients")
    with pytest.raises(ValueError, match="rms, mean"):
        runs["fine"].statistics("gradient", ["norm"])
    with pytest.raises(KeyError, match="stem/kernel"):
        runs["fine"].statistics("gradient").of("stem")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        gradhealth.load(logs / "nowhere")


def test_nothing_heavy_is_imported(logs):
    code = (
        "import sys, tb_gradhealth as g; g.load(sys.argv[1])['fine'].statistics('gradient');"
        "print({'tensorflow', 'pandas', 'xarray'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(logs)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
