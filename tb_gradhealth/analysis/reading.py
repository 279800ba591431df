"""Collects statistics from event files: every record of them, not the points that the tab keeps in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.analysis.statistics import Statistics
from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.record import Record, Row, RowTable, Steps

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Part:
    """What one record or one step holds of the selected rows: float32 [rows, statistics]."""

    step: int
    wall_time: float
    rows: Sequence[Row]
    values: Numbers


class _Timeline:
    """The parts of one recorder by step; training that goes back in steps replaces the old ones."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []

    def add(self, part: _Part) -> None:
        while self.parts and self.parts[-1].step >= part.step:
            self.parts.pop()
        self.parts.append(part)


def read_records(files: Sequence[EventFile], kind: str, names: Sequence[str]) -> Statistics:
    """Some statistics of all tensors of a kind, from all records of a run."""
    timelines: dict[str, _Timeline] = {}
    for content in RunReader().read(files):
        if isinstance(content, Record):
            rows = _rows_of(content.table, kind)
            if rows:
                timelines.setdefault(content.table.stream, _Timeline()).add(
                    _Part(
                        content.step,
                        content.wall_time,
                        [content.table.rows[row] for row in rows],
                        _columns(content, rows, names),
                    )
                )
    return _joined(kind, tuple(names), timelines.values())


def read_steps(files: Sequence[EventFile], kind: str, name: str) -> Statistics:
    """The flight recorder's number of all tensors of a kind, of the steps that were written of it."""
    timelines: dict[str, _Timeline] = {}
    for content in RunReader().read(files):
        if not isinstance(content, Steps):
            continue
        table = content.table
        columns = [column for column, row in enumerate(table.watched) if table.rows[row].kind == kind]
        rows = [table.rows[table.watched[column]] for column in columns]
        timeline = timelines.setdefault(table.stream, _Timeline())
        for step, values in zip(content.steps.tolist(), content.values[:, columns], strict=True):
            if rows:
                timeline.add(_Part(step, content.wall_time, rows, values[:, None]))
    return _joined(kind, (name,), timelines.values())


def _rows_of(table: RowTable, kind: str) -> list[int]:
    return [index for index, row in enumerate(table.rows) if row.kind == kind and not row.not_measured]


def _columns(record: Record, rows: Sequence[int], names: Sequence[str]) -> Numbers:
    columns = record.table.columns
    known = [index for index, name in enumerate(names) if name in columns]
    values = np.full((len(rows), len(names)), np.nan, np.float32)
    values[:, known] = record.part(*np.ix_(rows, [columns.index(names[index]) for index in known]))
    return values


def _joined(kind: str, names: tuple[str, ...], timelines: Iterable[_Timeline]) -> Statistics:
    """The parts of all recorders of a run; of two that measure the same tensor the first counts."""
    rows: dict[str, Row] = {}
    parts: list[_Part] = []
    for timeline in timelines:
        known = set(rows)
        for part in timeline.parts:
            new = [index for index, row in enumerate(part.rows) if row.tensor not in known]
            rows |= {part.rows[index].tensor: part.rows[index] for index in new}
            parts.append(
                _Part(part.step, part.wall_time, [part.rows[index] for index in new], part.values[new])
            )
    tensors = sorted(rows, key=lambda tensor: rows[tensor].depth)
    column = {tensor: index for index, tensor in enumerate(tensors)}
    steps = sorted({part.step for part in parts})
    position = {step: index for index, step in enumerate(steps)}
    wall_times = np.full(len(steps), np.nan)
    values = np.full((len(steps), len(tensors), len(names)), np.nan, np.float32)
    for part in parts:
        wall_times[position[part.step]] = part.wall_time
        values[position[part.step], [column[row.tensor] for row in part.rows]] = part.values
    layers = tuple(rows[tensor].layer for tensor in tensors)
    return Statistics(kind, np.array(steps, np.int64), wall_times, tuple(tensors), layers, names, values)
