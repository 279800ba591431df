"""The tab beside a run that is being written: what is new appears, what breaks is said, nothing jumps."""

import pytest
from run_log import BAD, GOOD, RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

TABLE = RowTable(
    (
        Row("dense_0/kernel", "gradient", "dense_0", "kernel", 0, (32, 32)),
        Row("<img src=x onerror=alert(1)>/kernel", "gradient", "<img>", "kernel", 1, (32, 32)),
    ),
    settings={"every": 10},
)


@pytest.fixture
def server(logs, tmp_path):
    with tensorboard_server(tmp_path, "--logdir", logs, "--reload_interval=1") as server:
        yield server


def test_without_records_the_tab_shows_the_lines_to_paste(server, open_tab):
    with open_tab(server.url) as tab:
        tab.frame.get_by_role("heading", name="No Grad Health records yet").wait_for()
        keras = tab.frame.get_by_role("region", name="With Keras").inner_text()
        assert "gradhealth.KerasCallback(log_dir)" in keras
        assert (
            "gradhealth.summary("
            in tab.frame.get_by_role("region", name="In a training loop of your own").inner_text()
        )


def test_reload_brings_the_finding_of_a_training_that_goes_on(server, logs, open_tab):
    with RunLog(logs / "run" / "gradhealth", TABLE) as log:
        log.record(0, GOOD, GOOD)
        with open_tab(server.url) as tab:
            tab.frame.get_by_text("No symptom has been found.").wait_for()
            log.record(10, GOOD, BAD)
            tab.reload()
            tab.frame.locator(".rows .row").first.wait_for()
            ((severity, symptom, layer, run, opened, *_),) = tab.rows
            assert (severity, symptom, run, opened) == ("critical", "NaN or infinite values", "run", "6")
            # A name is text, whatever it contains.
            assert layer.startswith("<img src=x onerror=alert(1)>/kernel")


def test_without_reload_it_comes_by_itself_and_keeps_what_is_open(server, logs, open_tab):
    with RunLog(logs / "run" / "gradhealth", TABLE) as log:
        log.record(0, BAD, GOOD)
        with open_tab(server.url, "#gradhealth&p.gradhealth.flat=1") as tab:
            tab.frame.locator(".rows .row").first.click()
            tab.evidence.wait_for()
            log.record(10, BAD, BAD)
            tab.frame.locator(".rows .row").nth(1).wait_for()
            assert "dense_0/kernel" in tab.evidence.inner_text()


def test_a_damaged_file_is_one_line_and_the_rest_is_shown(server, logs, open_tab):
    with RunLog(logs / "sick" / "gradhealth", TABLE) as log:
        log.record(0, BAD, GOOD)
    with RunLog(logs / "torn" / "gradhealth", TABLE) as log:
        for step in range(0, 50, 10):
            log.record(step, GOOD, GOOD)
        content = bytearray(log.file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        log.file.write_bytes(content)
    with open_tab(server.url) as tab:
        assert len(tab.rows) == 1
        problems = tab.frame.get_by_role("region", name="Problems").get_by_role("listitem")
        assert problems.count() == 1
        assert "torn/gradhealth/events" in problems.inner_text()
