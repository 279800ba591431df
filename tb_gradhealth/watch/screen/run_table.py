"""The table of runs; it keeps the cursor on its run while the order changes."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.report.text import STYLES
from tb_gradhealth.watch.overview import RunState
from tb_gradhealth.watch.sparkline import sparkline

VERDICT, AGE = 9, 4
"""Widths of columns in characters."""

WIDE: Final = 100
"""Width of the screen from which on the loss has more characters."""

RUN_SHARE: Final = 0.45
"""Share of the remaining width that the names of the runs have at most; the headlines have the rest."""

PADDING: Final = 1

COLUMNS: Final = 6


class Widths(NamedTuple):
    """Widths of the columns that depend on the runs and the screen, in characters."""

    run: int
    step: int
    loss: int
    headline: int


class RunTable(DataTable[Text]):
    """One row per run: name, verdict, last step, age of the last record, loss, headline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Details"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "scroll_top", "First", show=False),
        Binding("G", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=PADDING, id="runs")
        self._runs: tuple[RunState, ...] = ()
        self._widths = Widths(0, 0, 0, 0)

    @property
    def chosen(self) -> RunState | None:
        """The run below the cursor."""
        return self._runs[self.cursor_row] if self.cursor_row < len(self._runs) else None

    def show(self, runs: Sequence[RunState], now: float) -> None:
        """Show runs in the given order.

        Args:
            runs: the runs.
            now: seconds since 1970, for the ages.
        """
        chosen = self.chosen
        widths = _widths(runs, self.size.width)
        names = [run.report.run for run in runs]
        if names != [run.report.run for run in self._runs] or widths != self._widths:
            self._rebuild(runs, widths, now)
            if chosen is not None and chosen.report.run in names:
                self.move_cursor(row=names.index(chosen.report.run))
            return
        self._runs = tuple(runs)
        for row, run in enumerate(runs):
            for column, cell in enumerate(self._cells(run, now)):
                if self.get_cell_at((row, column)) != cell:  # type: ignore[arg-type]
                    self.update_cell_at((row, column), cell)  # type: ignore[arg-type]

    def _rebuild(self, runs: Sequence[RunState], widths: Widths, now: float) -> None:
        self._runs, self._widths = tuple(runs), widths
        self.clear(columns=True)
        for label, width in (
            ("run", widths.run),
            ("verdict", VERDICT),
            ("step", widths.step),
            ("age", AGE),
            ("loss", widths.loss),
            ("headline", widths.headline),
        ):
            justify = "right" if label in ("step", "age") else "left"
            self.add_column(Text(label, justify=justify), width=width)  # type: ignore[arg-type]
        for run in runs:
            self.add_row(*self._cells(run, now))

    def _cells(self, run: RunState, now: float) -> tuple[Text, ...]:
        report = run.report
        widths = self._widths
        return (
            _cut(visible(report.run), widths.run),
            Text(report.verdict, STYLES[report.verdict]),
            Text(_step(run), justify="right"),
            Text(age(run.last_time, now), justify="right"),
            Text(sparkline(run.losses, widths.loss)),
            _cut(visible(report.headline), widths.headline),
        )


def age(then: float | None, now: float) -> str:
    """The time since a record in its largest unit, in few characters: ``12s``, ``3m``, ``5h``, ``2d``."""
    if then is None:
        return "–"
    seconds = max(int(now - then), 0)
    for size, unit in ((365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _widths(runs: Sequence[RunState], width: int) -> Widths:
    """Widths for a screen: names have what they need, up to a share of what is free; headlines the rest."""
    step = max((len(_step(run)) for run in runs), default=0)
    step, loss = max(step, len("step")), 16 if width >= WIDE else 8
    free = width - VERDICT - step - AGE - loss - 2 * COLUMNS * PADDING
    longest = max((len(visible(run.report.run)) for run in runs), default=0)
    name = max(min(longest, int(free * RUN_SHARE)), 8)
    return Widths(name, step, loss, max(free - name, 8))


def _step(run: RunState) -> str:
    return "–" if run.report.last_step is None else f"{run.report.last_step:,}"


def _cut(text: str, width: int) -> Text:
    cell = Text(text, no_wrap=True)
    cell.truncate(width, overflow="ellipsis")
    return cell
