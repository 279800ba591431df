"""The terminal screen: a sentence on the whole, the table of runs, and the incidents of the chosen one."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.theme import Theme
from textual.widgets import Footer, Input, Static
from textual.worker import Worker, WorkerState

from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.watch.overview import Overview
from tb_gradhealth.watch.screen.help import HelpScreen
from tb_gradhealth.watch.screen.run_details import run_details
from tb_gradhealth.watch.screen.run_table import RunTable

INTERRUPTED, TERMINATED = 130, 143
"""Return codes after Ctrl-C and after SIGTERM."""

AGE_SECONDS: Final = 1.0
"""Time between two updates of the ages."""

TERMINAL: Final = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_magenta",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_blue",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-text-style": "reverse",
        "input-cursor-text-style": "reverse",
        "footer-background": "ansi_default",
    },
)
"""The colours of the terminal itself, so that light and dark ones are served; the cursor is reversed, which
is visible without colours too."""


class Said(Message):
    """A line for the user."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Read(Message):
    """A new overview."""

    def __init__(self, overview: Overview) -> None:
        super().__init__()
        self.overview = overview


class WatchApp(App[int]):
    """The screen. Overviews are made in a worker thread, so that reading never blocks a key."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #sentence { height: auto; max-height: 3; padding: 0 1; text-style: bold; }
    #runs { height: auto; max-height: 50%; scrollbar-size-vertical: 1; }
    #runs > .datatable--header { background: ansi_default; color: ansi_default; text-style: dim; }
    #details { height: 1fr; border-top: solid $border; padding: 0 1; scrollbar-size-vertical: 1; }
    #filter { display: none; height: 1; border: none; padding: 0 1; }
    #filter.shown { display: block; }
    .single #runs { display: none; }
    .single #details { border-top: none; }
    #message { height: auto; max-height: 2; padding: 0 1; color: ansi_yellow; }
    HelpScreen { align: center middle; }
    #help { width: 52; height: auto; padding: 1 2; border: solid $border; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "leave_view", "Back", priority=True),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "leave(0)", "Quit"),
        Binding("ctrl+c", f"leave({INTERRUPTED})", "Quit", show=False, priority=True),
        Binding("j", "scroll_details(1)", show=False),
        Binding("k", "scroll_details(-1)", show=False),
    ]

    def __init__(
        self,
        overviews: Callable[[threading.Event], Iterable[Overview]],
        title: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Create the screen.

        Args:
            overviews: gives one overview after the other until the event is set; called in a thread.
            title: the log directory.
            clock: the time in seconds since 1970.
        """
        super().__init__(ansi_color=True)  # textual decides by it, here, how to follow NO_COLOR
        self.register_theme(TERMINAL)
        self.theme = TERMINAL.name
        self.title = title
        self._overviews, self._clock = overviews, clock
        self._stopped = threading.Event()
        self._overview: Overview | None = None

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        yield Static("Reading ...", id="sentence", markup=False)
        yield RunTable()
        with VerticalScroll(id="details"):
            yield Static("", id="incidents", markup=False)
        yield Static("", id="message", markup=False)
        yield Input(placeholder="part of a run's name", id="filter", compact=True)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Start reading."""
        with suppress(NotImplementedError, RuntimeError):  # on Windows, and in a thread
            # SystemExit from a signal handler would leave the terminal in the state of the screen.
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.action_leave, TERMINATED)
        self.query_one(RunTable).focus()
        self.run_worker(self._read, thread=True, exit_on_error=False, name="reading")
        self.set_interval(AGE_SECONDS, self._show)

    def on_unmount(self) -> None:
        """End the reading however the screen ends: the process waits for its thread."""
        self._stopped.set()

    def say(self, line: str) -> None:
        """Show a line above the keys; may be called from any thread."""
        self.post_message(Said(line))

    def on_said(self, message: "Said") -> None:
        """Show the newest line."""
        self.query_one("#message", Static).update(Text(visible(message.line)))

    def on_read(self, message: "Read") -> None:
        """Show what was read."""
        self._overview = message.overview
        self._show()

    def on_resize(self) -> None:
        """Fit the columns to the new width, which the table has after its own resize event."""
        self.call_after_refresh(self._show)

    def on_data_table_row_highlighted(self) -> None:
        """Show the run below the cursor."""
        self._show_details()

    def on_data_table_row_selected(self) -> None:
        """Enter: show only this run."""
        self.action_open()

    def on_input_changed(self) -> None:
        """Filter while the name is typed."""
        self._show()

    def on_input_submitted(self) -> None:
        """Keep the filter and return to the runs."""
        self.query_one(RunTable).focus()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report a bug in reading with its traceback instead of showing old values for ever."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            raise event.worker.error

    def action_open(self) -> None:
        """Show only the chosen run."""
        if self.query_one(RunTable).chosen is not None:
            self.screen.add_class("single")
            self.query_one("#details").focus()

    def action_leave_view(self) -> None:
        """Close what was opened last: the help, the single run, or the filter."""
        if isinstance(self.screen, HelpScreen):
            self.screen.dismiss()
            return
        if self.screen.has_class("single"):
            self.screen.remove_class("single")
        else:
            field = self.query_one("#filter", Input)
            field.value = ""
            field.remove_class("shown")
        self.query_one(RunTable).focus()

    def action_filter(self) -> None:
        """Type a part of a name."""
        self.screen.remove_class("single")
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.focus()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def action_scroll_details(self, lines: int) -> None:
        """Scroll the incidents."""
        self.query_one("#details").scroll_relative(y=lines, animate=False)

    def action_leave(self, code: int) -> None:
        """End the screen."""
        self._stopped.set()
        self.exit(code)

    def _read(self) -> None:
        for overview in self._overviews(self._stopped):
            self.post_message(Read(overview))

    def _show(self) -> None:
        overview = self._overview
        if overview is None or not self.is_running:
            return
        wanted = self.query_one("#filter", Input).value.casefold()
        runs = [run for run in overview.runs if wanted in run.report.run.casefold()]
        lines = [overview.sentence]
        if wanted:
            lines[0] += f" {len(runs):,} shown."
        lines += [
            visible(f"{problem.path}: {problem.message}".lstrip(": ")) for problem in overview.report.problems
        ]
        self.query_one("#sentence", Static).update(Text("\n".join(lines)))
        self.query_one(RunTable).show(runs, self._clock())
        self._show_details()

    def _show_details(self) -> None:
        tables = self.query(RunTable)
        if not tables:  # the screen is being taken down
            return
        run = tables.first().chosen
        self.query_one("#incidents", Static).update("" if run is None else run_details(run))
