"""The plugin in a real TensorBoard, started in different ways."""

import urllib.error
import urllib.request

import pytest
from frame import read_frame


def check_everything(server, sick="sick"):
    """Check the module, the runs, the finding and its evidence, and that TensorBoard lists the tab."""
    status, kind, module = server.get("index.js")
    assert (status, kind) == (200, "text/javascript")
    assert b"render" in module
    server.wait_until(lambda: server.json("runs")["loading"]["done"])  # a busy machine reads for long
    runs = {run["run"]: run for run in server.json("runs")["runs"]}
    assert runs[sick]["verdict"] == "critical"
    assert [run["records"] for run in runs.values()] == [4] * len(runs)
    (finding,) = server.json("findings")["findings"]
    assert finding["run"] == sick
    status, kind, frame = server.get(f"evidence?run={sick}&finding={finding['id']}")
    assert (status, kind) == (200, "application/octet-stream")
    assert read_frame(frame)[0]["finding"] == finding
    assert server.get("evidence?run=absent&finding=x")[0] == 404
    assert server.get("../../../../../../etc/passwd")[0] == 404
    server.wait_until(lambda: server.listing()["enabled"])
    assert server.listing()["tab_name"] == "Grad Health"


def test_with_the_fast_loader(tensorboard, logs):
    with tensorboard("--logdir", logs) as server:
        check_everything(server)
        assert "fast data loading" in server.output()
        asked = {"If-None-Match": "*"}
        unchanged = urllib.request.Request(f"{server.url}data/plugin/gradhealth/runs", headers=asked)
        with pytest.raises(urllib.error.HTTPError, match="304"):
            urllib.request.urlopen(unchanged, timeout=30)
        assert "will become an error" not in server.output()  # TensorBoard's check of the headers


def test_with_the_python_loader(tensorboard, logs):
    with tensorboard("--logdir", logs, "--load_fast=false") as server:
        check_everything(server)


def test_with_a_logdir_spec(tensorboard, logs):
    with tensorboard(f"--logdir_spec=alpha:{logs / 'sick'},{logs / 'fine'}") as server:
        check_everything(server, sick="alpha/.")
        assert [run["run"] for run in server.json("runs")["runs"]] == [".", "alpha/."]


def test_behind_a_path_prefix(tensorboard, logs):
    with tensorboard("--logdir", logs, "--path_prefix=/pre/fix", suffix="pre/fix/") as server:
        check_everything(server)


@pytest.mark.slow
def test_where_tensorflow_is_installed(tensorboard, logs):
    pytest.importorskip("tensorflow")
    with tensorboard("--logdir", logs, without=()) as server:
        check_everything(server)
        assert "TensorFlow installation not found" not in server.output()


def test_without_tensorflow(tensorboard, logs):
    with tensorboard("--logdir", logs, without=("tensorflow", "keras")) as server:
        assert "TensorFlow installation not found" in server.output()
        check_everything(server)


def test_the_tab_is_available_before_there_is_data(tensorboard, tmp_path, add_run):
    later = tmp_path / "later"
    with tensorboard("--logdir", later, "--reload_interval=1") as server:
        assert server.listing()["enabled"] is False
        assert server.listing()["tab_name"] == "Grad Health"
        answer = server.json("runs")
        assert (answer["runs"], answer["problems"]) == ([], [])
        add_run(later / "new")
        server.wait_until(lambda: server.json("runs")["runs"])
        server.wait_until(lambda: server.listing()["enabled"])
        add_run(later / "newer", bad_from=0)
        server.wait_until(lambda: server.json("findings")["findings"])


@pytest.mark.parametrize("missing", ["google_crc32c", "tb_gradhealth.monitor"])
def test_a_broken_installation_is_shown_in_the_tab_only(tensorboard, logs, missing):
    with tensorboard("--logdir", logs, without=("tensorflow", missing)) as server:
        status, kind, module = server.get("index.js")
        assert (status, kind) == (200, "text/javascript")
        assert missing in module.decode()
        assert server.get("data/plugins_listing", base="")[0] == 200
        assert server.get("runs")[0] == 404
        assert "Traceback" in server.output()
