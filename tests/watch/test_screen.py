"""The screen: keys and contents, driven by textual's Pilot over real event files."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hostile import CONTROLS, NAMES
from run_log import RunLog
from textual.widgets import Input, Static
from watched_log import TABLE, add_record, write_run

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.watch import follow
from tb_gradhealth.watch.screen.app import WatchApp
from tb_gradhealth.watch.screen.help import HelpScreen
from tb_gradhealth.watch.screen.run_table import RunTable, age


def driven(folder: Path, drive, size=(80, 24)):
    """Run the screen on a log directory while a function drives it; return its result."""

    async def run():
        monitor = Monitor([Root(str(folder))])
        app = WatchApp(lambda stopped: follow(monitor, 0.05, stopped), str(folder))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "Reading" not in sentence(app))
            await drive(app, pilot)
            await pilot.press("q")
        return app.return_value

    # In a thread of its own: this one may have the event loop of a browser test.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def until(pilot, condition):
    """Wait for a condition."""
    for _ in range(600):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("the condition was not met")


def sentence(app):
    return str(app.query_one("#sentence", Static).content)


def screen_text(app):
    """The characters on the screen, line by line."""
    width, _ = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line).ljust(width) for line in lines)


def names(app):
    table = app.query_one(RunTable)
    return [table.get_row_at(row)[0].plain for row in range(table.row_count)]


@pytest.fixture
def logs(tmp_path):
    write_run(tmp_path / "fine")
    write_run(tmp_path / "sick", sick_from=4)
    write_run(tmp_path / "tired", dead=0.4)
    return tmp_path


def test_the_most_urgent_run_is_first_with_its_incidents(logs):
    async def drive(app, pilot):
        assert sentence(app).startswith(("2 of 3 runs need attention.", "1 of 3 runs needs attention."))
        assert names(app)[0] == "sick"
        await until(pilot, lambda: "likely origin" in screen_text(app))
        text = screen_text(app)
        assert "value / limit: 7 / 0 elements, since step" in text
        assert "→ " in text

    assert driven(logs, drive) == 0


def test_keys_choose_a_run_and_show_it_alone(logs):
    async def drive(app, pilot):
        table, details = app.query_one(RunTable), app.query_one("#details")
        await pilot.press("j")
        second = table.chosen.report.run
        assert second == names(app)[1]
        await pilot.press("down", "k", "up")
        assert table.chosen.report.run == "sick"
        await pilot.press("enter")
        await pilot.pause()
        assert not table.display
        assert details.size.height > 18
        await pilot.press("escape")
        await pilot.pause()
        assert table.display
        assert table.has_focus

    driven(logs, drive)


def test_a_filter_is_typed_kept_and_removed(logs):
    async def drive(app, pilot):
        await pilot.press("slash", *"INE", "enter")
        assert names(app) == ["fine"]
        assert "1 shown." in sentence(app)
        assert app.query_one(RunTable).has_focus
        await pilot.press("escape")
        assert len(names(app)) == 3
        await pilot.press("slash", *"q?j")
        assert app.query_one("#filter", Input).value == "q?j", "keys are letters while a name is typed"
        assert names(app) == []
        await pilot.press("escape")

    driven(logs, drive)


def test_help_lists_the_keys_and_any_key_closes_it(logs):
    async def drive(app, pilot):
        for key in ("x", "escape", "question_mark", "q"):
            await pilot.press("question_mark")
            await pilot.pause()
            assert isinstance(app.screen, HelpScreen)
            assert "filter the runs by name" in screen_text(app)
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
            assert app.is_running
            assert not isinstance(app.screen, HelpScreen)

    driven(logs, drive)


def test_a_growing_log_shows_up_and_the_cursor_stays_on_its_run(tmp_path):
    write_run(tmp_path / "other")

    async def drive(app, pilot):
        with RunLog(tmp_path / "growing", TABLE) as log:
            add_record(log, 0)
            await until(pilot, lambda: "of 2 runs" in sentence(app))
            table = app.query_one(RunTable)
            table.move_cursor(row=names(app).index("other"))
            add_record(log, 1, sick=True)
            await until(pilot, lambda: names(app) == ["growing", "other"])
            await until(pilot, lambda: "1 of 2 runs needs attention." in sentence(app))
            assert table.chosen.report.run == "other"
            assert table.get_row_at(0)[2].plain == "10"
            add_record(log, 2, sick=True)
            await until(pilot, lambda: table.get_row_at(0)[2].plain == "20")

    driven(tmp_path, drive)


def test_a_failing_screen_ends_its_reading(logs):
    async def drive(app, pilot):
        raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        driven(logs, drive)  # and does not wait for the thread for ever


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_width_has_all_columns(logs, width):
    async def drive(app, pilot):
        head = ("run", "verdict", "step", "age", "loss")
        await until(pilot, lambda: all(name in screen_text(app).splitlines()[1] for name in head))
        assert app.query_one(RunTable).virtual_size.width <= max(width, 60)

    driven(logs, drive, size=(width, 24))


def test_a_resized_terminal_is_filled(logs):
    async def drive(app, pilot):
        await pilot.resize_terminal(140, 30)
        await until(pilot, lambda: app.query_one(RunTable).virtual_size.width == 140)

    driven(logs, drive)


def test_nothing_there_is_said(tmp_path):
    async def drive(app, pilot):
        await until(pilot, lambda: "No runs yet." in sentence(app))
        assert "does not exist" in sentence(app)
        await pilot.press("enter", "j", "slash", "escape")

    driven(tmp_path / "absent", drive)


def test_hostile_names_stay_text(tmp_path):
    for name in ("markup", "terminal", "direction"):
        write_run(tmp_path / NAMES[name].replace("/", "|"), sick_from=2)

    async def drive(app, pilot):
        await until(pilot, lambda: "[bold red]x" in screen_text(app))
        text = screen_text(app)
        assert not CONTROLS & set(text)

    driven(tmp_path, drive, size=(160, 30))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3_599, "59m"),
        (7_200, "2h"),
        (200_000, "2d"),
        (-5, "0s"),
        (9e7, "2y"),
    ],
)
def test_ages(seconds, shown):
    assert age(1_000.0, 1_000.0 + seconds) == shown
    assert age(None, 0.0) == "–"
