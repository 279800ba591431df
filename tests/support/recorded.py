"""A log directory read the way the tab and the command line read it, and held against numbers."""

from pathlib import Path

import numpy as np

from tb_gradhealth.events import Root, RunReader, discover
from tb_gradhealth.record import Epoch, Record, Steps

MOMENTS = ("rms", "mean", "minimum", "maximum", "zero_fraction")


def statistics(values) -> dict[str, float]:
    """The moments of a tensor in float64, as the columns' comments define them."""
    values = np.asarray(values, np.float64)
    return {
        "rms": float(np.sqrt(np.mean(values**2))),
        "mean": float(values.mean()),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "zero_fraction": float(np.mean(values == 0)),
    }


class Recorded:
    """All records, flight recorder lines and epochs of one run."""

    def __init__(self, log_dir: Path, run: str = ".") -> None:
        discovery = discover([Root(str(log_dir))])
        self.files = discovery.runs[run]
        reader = RunReader()
        items = list(reader.read(self.files))
        assert not [*discovery.problems, *reader.problems()]
        self.records = [item for item in items if isinstance(item, Record)]
        self.epochs = [item for item in items if isinstance(item, Epoch)]
        self.lines = [item for item in items if isinstance(item, Steps)]

    @property
    def steps(self) -> list[int]:
        return [record.step for record in self.records]

    @property
    def settings(self):
        """Those of the newest record's table."""
        return self.records[-1].table.settings

    def tensors(self, kind: str) -> list[str]:
        """The newest record's rows of this kind."""
        return [row.tensor for row in self.records[-1].table.rows if row.kind == kind]

    def reasons(self, kind: str) -> dict[str, str]:
        """Of the newest record's rows of this kind, why they hold no numbers; ``""`` where they do."""
        return {row.tensor: row.not_measured for row in self.records[-1].table.rows if row.kind == kind}

    def row(self, kind: str, tensor: str):
        """The newest record's description of a row."""
        (row,) = (r for r in self.records[-1].table.rows if (r.kind, r.tensor) == (kind, tensor))
        return row

    def column(self, kind: str, tensor: str, name: str) -> dict[int, float]:
        """One statistic of one row by step, in the records that have the row."""
        return {
            record.step: float(record.column(name)[index])
            for record in self.records
            for index, row in enumerate(record.table.rows)
            if (row.kind, row.tensor) == (kind, tensor)
        }

    def flight(self, kind: str, tensor: str) -> dict[int, float]:
        """What the flight recorder saw of one row, by step."""
        return {
            int(step): float(line[place])
            for lines in self.lines
            for place, index in enumerate(lines.table.watched)
            if (lines.table.rows[index].kind, lines.table.rows[index].tensor) == (kind, tensor)
            for step, line in zip(lines.steps, lines.values, strict=True)
        }

    def assert_row(self, kind: str, tensor: str, expected, rtol: float = 1e-4, first: int = 0) -> None:
        """Hold every record of a row against the tensor it should be of.

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
        """Hold one column of a row, in every record, against a number for each training step."""
        got = self.column(kind, tensor, column)
        assert got, f"there is no record of {kind} {tensor}"
        np.testing.assert_allclose(
            list(got.values()), [expected[step] for step in got], rtol=rtol, atol=1e-6, err_msg=tensor
        )
