"""Reads a log directory as the tab and the command line do, and compares it with expected values."""

from pathlib import Path

import numpy as np

from tb_gradhealth.events import Root, RunReader, discover
from tb_gradhealth.record import Epoch, Record, Steps

MOMENTS = ("rms", "mean", "minimum", "maximum", "zero_fraction")


def statistics(values) -> dict[str, float]:
    """The moments of a tensor in float64, as `columns.py` defines them."""
    values = np.asarray(values, np.float64)
    return {
        "rms": float(np.sqrt(np.mean(values**2))),
        "mean": float(values.mean()),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "zero_fraction": float(np.mean(values == 0)),
    }


class Recorded:
    """All records, steps and epochs of one run."""

    def __init__(self, log_dir: Path, run: str = ".") -> None:
        discovery = discover([Root(str(log_dir))])
        self.files = discovery.runs[run]
        reader = RunReader()
        items = list(reader.read(self.files))
        assert not [*discovery.problems, *reader.problems()]
        self.records = [item for item in items if isinstance(item, Record)]
        self.epochs = [item for item in items if isinstance(item, Epoch)]
        self.steps_written = [item for item in items if isinstance(item, Steps)]

    @property
    def steps(self) -> list[int]:
        return [record.step for record in self.records]

    @property
    def settings(self):
        """The settings of the newest row table."""
        return self.records[-1].table.settings

    def tensors(self, kind: str) -> list[str]:
        """The tensors of a kind in the newest record."""
        return [row.tensor for row in self.records[-1].table.rows if row.kind == kind]

    def reasons(self, kind: str) -> dict[str, str]:
        """The reasons why rows of a kind are not measured, in the newest record; ``""`` for measured rows."""
        return {row.tensor: row.not_measured for row in self.records[-1].table.rows if row.kind == kind}

    def row(self, kind: str, tensor: str):
        """The row in the newest row table."""
        (row,) = (r for r in self.records[-1].table.rows if (r.kind, r.tensor) == (kind, tensor))
        return row

    def column(self, kind: str, tensor: str, name: str) -> dict[int, float]:
        """One statistic of one row, by step."""
        return {
            record.step: float(record.column(name)[index])
            for record in self.records
            for index, row in enumerate(record.table.rows)
            if (row.kind, row.tensor) == (kind, tensor)
        }

    def flight(self, kind: str, tensor: str) -> dict[int, float]:
        """The flight recorder's values of one row, by step."""
        return {
            int(step): float(values[position])
            for steps in self.steps_written
            for position, index in enumerate(steps.table.watched)
            if (steps.table.rows[index].kind, steps.table.rows[index].tensor) == (kind, tensor)
            for step, values in zip(steps.steps, steps.values, strict=True)
        }

    def assert_row(self, kind: str, tensor: str, expected, rtol: float = 1e-4, first: int = 0) -> None:
        """Compare every record of a row with the expected tensor.

        Args:
            kind: of the row.
            tensor: of the row.
            expected: the tensor at each training step.
            rtol: of the statistics; the mean's error is counted in parts of the RMS.
            first: the records before this step are left out: the first has no update.
        """
        steps = [step for step in self.column(kind, tensor, "rms") if step >= first]
        assert steps, f"there is no record of {kind} {tensor}"
        for name in MOMENTS:
            got = self.column(kind, tensor, name)
            for step in steps:
                right = statistics(expected[step])
                np.testing.assert_allclose(
                    got[step],
                    right[name],
                    rtol=rtol,
                    atol=rtol * right["rms"] + 1e-12,
                    err_msg=f"{name} of {kind} {tensor} at step {step}",
                )

    def assert_number(self, kind: str, tensor: str, expected, column: str = "mean", rtol: float = 1e-4):
        """Compare one column of a row, in every record, with a number for each training step."""
        got = self.column(kind, tensor, column)
        assert got, f"there is no record of {kind} {tensor}"
        np.testing.assert_allclose(
            list(got.values()), [expected[step] for step in got], rtol=rtol, atol=1e-6, err_msg=tensor
        )
