"""Ten seconds of the load of tests/benchmarks/serving.py: no request fails and no record is lost."""

import pytest
from serving_load import loaded
from tensorboard_server import tensorboard_server


@pytest.mark.slow
def test_concurrent_readers_and_writers(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    with tensorboard_server(tmp_path, "--logdir", logs, "--reload_interval=1") as server:
        load = loaded(server, logs, readers=20, writers=5, seconds=10, pause=0.5)
        assert load.errors == []
        assert all(count > 20 for count in map(len, load.seconds.values()))
        assert load.unchanged["version (nothing changes)"]

        def records():
            return {run["run"]: run["records"] for run in server.json("runs")["runs"]}

        server.wait_until(lambda: records() == load.written)
        assert min(load.written.values()) > 5
        findings = server.json("findings")["findings"]
        sick = {finding["run"] for finding in findings if finding["symptom"] == "non-finite"}
        assert sick == {run for run, count in load.written.items() if count > 10}
        assert "Traceback" not in server.output()
