"""Delivery to a real HTTP server and a real command: at least once, and not twice without need."""

import json
import stat
import threading
import time

import pytest
from watched_log import write_run
from webhook_server import CUT, HANG, webhook_server

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.watch import overview_of
from tb_gradhealth.watch.notify import Command, CommandError, DeliveryError, Ledger, LedgerError, Notifier
from tb_gradhealth.watch.notify.notification import Notification
from tb_gradhealth.watch.notify.webhook import Webhook, WebhookError

LOGDIR = "/logs"


def overview(folder):
    monitor = Monitor([Root(str(folder))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        return overview_of(snapshot)


def notification(name="run", **finding):
    values = {
        "id": "f", "symptom": "non-finite", "severity": "critical", "tensor": "a", "layer": "a",
        "opened_step": 3, "message": "NaN in a.", **finding,
    }  # fmt: skip
    return Notification(
        {
            "schema": "gradhealth.notification/1", "id": "0123456789", "change": "new", "logdir": LOGDIR,
            "run": name, "finding": values, "title": "NaN", "measured": "3 / 0 elements", "advice": ["Look."],
        }
    )  # fmt: skip


@pytest.fixture
def notifying(tmp_path):
    """Starts a notifier on one state file, and closes it."""
    made = []

    def start(sink, say=lambda line: None, **options):
        made.append(Notifier(Ledger(tmp_path / "state.json", LOGDIR), [sink], "critical", say, **options))
        return made[-1]

    yield start
    for each in made:
        each.close(0)


def test_a_finding_is_posted_once_with_token_and_id(tmp_path, notifying):
    write_run(tmp_path / "logs" / "sick", sick_from=3)
    write_run(tmp_path / "logs" / "fine")
    with webhook_server() as server:
        notifier = notifying(Webhook(server.url, "TOKEN", "json"))
        for _ in range(3):
            notifier.update(overview(tmp_path / "logs"), LOGDIR)
        assert notifier.close(30) == []
    ((path, headers, body),) = server.requests
    assert path == "/services/SECRET?key=SECRET"
    assert headers["Authorization"] == "Bearer TOKEN"
    assert headers["Idempotency-Key"] == body["id"]
    assert (body["schema"], body["run"], body["change"]) == ("gradhealth.notification/1", "sick", "new")
    assert (body["finding"]["symptom"], body["finding"]["tensor"]) == ("non-finite", "dense/kernel")


@pytest.mark.parametrize("answer", [500, 404, 429, CUT, (302, {"Location": "/elsewhere"})])
def test_a_failed_delivery_is_repeated_until_it_is_acknowledged(tmp_path, notifying, answer):
    write_run(tmp_path / "logs" / "sick", sick_from=3)
    said = []
    with webhook_server(answer, answer) as server:
        notifier = notifying(Webhook(server.url, "TOKEN", "json"), said.append)
        notifier.update(overview(tmp_path / "logs"), LOGDIR)
        first, second, third = server.wait_for(3)
        assert notifier.close(30) == []
    assert first == second == third
    assert {path for path, _, _ in server.requests} == {"/services/SECRET?key=SECRET"}, "no redirect followed"
    failed, recovered = said
    assert failed.startswith("http://127.0.0.1:")
    assert "will be sent again" in failed
    assert "delivered again" in recovered
    assert "SECRET" not in failed + recovered
    assert "TOKEN" not in failed + recovered


def test_the_receiver_decides_when_to_repeat(tmp_path, notifying):
    write_run(tmp_path / "logs" / "sick", sick_from=3)
    with webhook_server((429, {"Retry-After": "2"})) as server:
        notifier = notifying(Webhook(server.url, "", "json"))
        began = time.monotonic()
        notifier.update(overview(tmp_path / "logs"), LOGDIR)
        server.wait_for(2)
        assert time.monotonic() - began >= 2
        assert notifier.close(30) == []


def test_a_server_that_hangs_blocks_neither_reading_nor_the_end(tmp_path, notifying):
    write_run(tmp_path / "logs" / "sick", sick_from=3)
    with webhook_server(HANG) as server:
        notifier = notifying(Webhook(server.url, "", "json"))
        notifier.update(overview(tmp_path / "logs"), LOGDIR)
        server.wait_for(1)
        write_run(tmp_path / "logs" / "other", sick_from=3)
        notifier.update(overview(tmp_path / "logs"), LOGDIR)  # while the first request waits
        (sentence,) = notifier.close(0.2)
    assert "2 notifications are not delivered to http://127.0.0.1:" in sentence
    with webhook_server() as server:
        assert notifying(Webhook(server.url, "", "json")).close(30) == []
        assert [body["run"] for body in server.bodies()] == ["sick", "other"]


def test_a_time_limit_ends_a_request():
    with webhook_server(HANG) as server, pytest.raises(DeliveryError, match="did not answer within"):
        Webhook(server.url, "", "json", seconds=0.2).send(notification())


def test_errors_name_only_scheme_and_host():
    for url, reason in (
        ("http://user:SECRET@127.0.0.1:9/SECRET", "refused the connection"),
        ("http://no-such-host.invalid/SECRET?SECRET", "cannot be resolved"),
    ):
        hook = Webhook(url, "SECRET", "json")
        with pytest.raises(DeliveryError) as caught:
            hook.send(notification())
        assert reason in str(caught.value)
        assert "SECRET" not in f"{caught.value!r}{hook.shown}{caught.value.__cause__}"
    with webhook_server() as server, pytest.raises(DeliveryError, match="TLS"):
        Webhook(server.url.replace("http:", "https:"), "", "json").send(notification())


@pytest.mark.parametrize(
    "url", ["ftp://host/SECRET", "SECRET", "http://", "http://[SECRET", "file:///SECRET"]
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_it(url):
    with pytest.raises(WebhookError) as caught:
        Webhook(url, "", "json")
    assert "SECRET" not in str(caught.value)
    with pytest.raises(WebhookError) as caught:
        Webhook("http://host", "SECRET\r\nX-Other: 1", "json")
    assert "SECRET" not in str(caught.value)


def test_slack_gets_its_form_and_texts_mention_nobody():
    with webhook_server() as server:
        hook = Webhook(server.url, "", "slack")
        hook.send(notification("<!channel> & co", message="NaN in <http://evil.example|a>."))
    (body,) = server.bodies()
    assert set(body) == {"text"}
    assert "&lt;!channel&gt; &amp; co" in body["text"]
    assert "<" not in body["text"]


def test_one_that_is_always_refused_does_not_block_the_others(tmp_path, notifying):
    for name in ("a", "b", "c"):
        write_run(tmp_path / "logs" / name, sick_from=3)
    with webhook_server(400) as server:
        notifier = notifying(Webhook(server.url, "", "json"))
        notifier.update(overview(tmp_path / "logs"), LOGDIR)
        server.wait_for(4)
        assert notifier.close(30) == []
    assert [body["run"] for body in server.bodies()] == ["a", "b", "c", "a"]


def test_what_is_there_at_the_first_start_can_be_skipped(tmp_path, notifying):
    write_run(tmp_path / "logs" / "old", sick_from=3)
    with webhook_server() as server:
        for _ in range(2):
            notifier = notifying(Webhook(server.url, "", "json"), skip_present=True)
            notifier.update(overview(tmp_path / "logs"), LOGDIR)
            assert notifier.close(30) == []
            write_run(tmp_path / "logs" / "new", sick_from=3)
        assert [body["run"] for body in server.bodies()] == ["new"]


def test_a_command_gets_json_and_variables_and_no_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADHEALTH_WEBHOOK_TOKEN", "SECRET")
    script = f"cat > {tmp_path}/input; env > {tmp_path}/environment"
    Command(f"sh -c '{script}'", quiet=True).send(notification("a\nb\0c; rm $HOME"))
    assert json.loads((tmp_path / "input").read_text())["run"] == "a\nb\0c; rm $HOME"
    variables = (tmp_path / "environment").read_text()
    assert "GRADHEALTH_RUN=a\\x0ab\\x00c; rm $HOME\n" in variables
    assert "GRADHEALTH_SEVERITY=critical\n" in variables
    assert "SECRET" not in variables


def test_no_shell_reads_the_command(tmp_path):
    Command(f"touch '{tmp_path}/a b' {tmp_path}/$HOME;x", quiet=True).send(notification())
    assert {path.name for path in tmp_path.iterdir()} == {"a b", "$HOME;x"}


@pytest.mark.parametrize("line", ["", "  ", "no-such-program-here", "sh -c 'open"])
def test_a_command_that_cannot_run_is_refused(line):
    with pytest.raises(CommandError):
        Command(line, quiet=True)


def test_a_command_that_fails_or_hangs_is_no_delivery(tmp_path):
    with pytest.raises(DeliveryError, match="exit code 3"):
        Command("sh -c 'exit 3'", quiet=True).send(notification())
    with pytest.raises(DeliveryError, match="signal 9"):
        Command("sh -c 'kill -9 $$'", quiet=True).send(notification())
    late = tmp_path / "late"
    with pytest.raises(DeliveryError, match="did not end within"):
        Command(f"sh -c 'sleep 3 && touch {late}'", quiet=True, seconds=0.2).send(notification())
    time.sleep(3.5)
    assert not late.exists(), "its children are ended too"


def test_a_command_that_ignores_its_input_is_fine():
    big = notification(message="x" * 2_000_000)
    Command("true", quiet=True).send(big)


def test_a_running_command_ends_with_the_notifier(tmp_path, notifying):
    write_run(tmp_path / "logs" / "sick", sick_from=3)
    started = tmp_path / "started"
    notifier = notifying(Command(f"sh -c 'touch {started}; sleep 60'", quiet=True))
    notifier.update(overview(tmp_path / "logs"), LOGDIR)
    end = time.monotonic() + 30
    while not started.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    (sentence,) = notifier.close(0.1)
    assert "1 notification is not delivered to the command sh" in sentence


def test_the_state_is_private_and_used_by_one_process(tmp_path):
    path = tmp_path / "folder" / "state.json"
    first = Ledger(path, LOGDIR)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(LedgerError, match="in use"):
        Ledger(path, LOGDIR)
    first.close()
    Ledger(path, LOGDIR).close()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"schema": "gradhealth.watch/1", "logdir": "/others"}'])
def test_a_state_that_is_damaged_or_of_other_logs_is_refused(tmp_path, content):
    path = tmp_path / "state.json"
    path.write_text(content)
    for _ in range(2):
        with pytest.raises(LedgerError, match="name another file"):
            Ledger(path, LOGDIR)
    assert path.read_text() == content


def test_reading_and_delivering_change_the_state_at_once_without_loss(tmp_path, notifying):
    for number in range(40):
        write_run(tmp_path / "logs" / f"run_{number}", records=2, sick_from=1)
    whole = overview(tmp_path / "logs")
    with webhook_server() as server:
        notifier = notifying(Webhook(server.url, "", "json"))
        threads = [
            threading.Thread(
                target=notifier.update, args=(type(whole)(whole.runs[: n + 1], whole.report, True, 0), LOGDIR)
            )
            for n in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert notifier.close(60) == []
    assert sorted(body["run"] for body in server.bodies()) == sorted(run.report.run for run in whole.runs)
