"""Trainings written by hand: statistics of tensors at steps, made into records and judged."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tb_gradhealth.health import Finding, RunHealth
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable


def dense(depth: int, *, kind="gradient", output=False, units=32, name="dense"):
    """The kernel of a dense layer."""
    layer = f"{name}_{depth}"
    return Row(f"{layer}/kernel", kind, layer, "kernel", depth, (units, units), output=output)


def activation(depth: int, *, function="relu", units=32):
    layer = f"dense_{depth}"
    return Row(layer, "activation", layer, "activation", depth, (-1, units), activation=function)


LOSS = Row("loss", "loss", "loss", "loss", 99)


class Training:
    """Turns series of statistics into records and judges them."""

    def __init__(
        self, rows: Sequence[Row], every: int = 10, stream: str = "", watched=(), **settings
    ) -> None:
        settings = {"every": every, **settings}
        self.table = RowTable(tuple(rows), stream=stream, settings=settings, watched=watched)
        self.every = every
        self.records: list[Record] = []

    def record(self, statistics: Sequence[Mapping[str, float]], step: int | None = None) -> "Training":
        """Add a record: per row the statistics that are not NaN."""
        values = np.full((len(self.table.rows), len(COLUMNS)), np.nan, np.float32)
        for index, row in enumerate(statistics):
            for name, value in row.items():
                values[index, COLUMNS.index(name)] = value
        at = len(self.records) * self.every if step is None else step
        self.records.append(Record(at, 1e9 + at, self.table, values))
        return self

    def judged(self) -> RunHealth:
        health = RunHealth()
        for record in self.records:
            health.observe(record)
        assert health.failures() == ()
        return health

    def series(self, **columns) -> "Training":
        """Add records of the first row: each column a sequence, ``loss`` for the loss row's mean and peak."""
        losses = columns.pop("loss", None)
        length = max(map(np.size, [*columns.values(), losses if losses is not None else 0]))
        for index in range(length):
            rows = [{name: np.broadcast_to(values, length)[index] for name, values in columns.items()}]
            rows += [{} for _ in self.table.rows[1:]]
            if losses is not None:
                loss = np.broadcast_to(losses, length)[index]
                rows[-1] = {"mean": loss, "peak_max": abs(loss)}
            self.record(rows)
        return self

    def findings_of(self, tensor: str) -> dict[str, Finding]:
        """By symptom, of one tensor."""
        return {symptom: finding for (symptom, name), finding in self.findings().items() if name == tensor}

    def findings(self) -> dict[tuple[str, str], Finding]:
        """By symptom and tensor."""
        return {(finding.symptom, finding.tensor): finding for finding in self.judged().findings()}


@pytest.fixture
def training():
    return Training


@pytest.fixture
def rows():
    """Makers of row descriptions: ``rows.dense(0)``, ``rows.activation(1)``, ``rows.LOSS``."""

    class Rows:
        pass

    Rows.training = staticmethod(lambda name: Row(name, "training", name, "other", 99))
    Rows.dense, Rows.activation, Rows.LOSS = staticmethod(dense), staticmethod(activation), LOSS
    return Rows
