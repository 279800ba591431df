"""Runs for the tests of `gradhealth watch`: healthy ones, and ones that become sick."""

from pathlib import Path

from run_log import BAD, GOOD, RunLog

from tb_gradhealth.record import Row, RowTable

TABLE = RowTable(
    (
        Row("dense/kernel", "gradient", "dense", "kernel", 0, (8, 8)),
        Row("dense", "activation", "dense", "activation", 0, (-1, 8), activation="relu"),
        Row("loss", "loss", "", "loss", 1, ()),
    ),
    settings={"every": 10},
)


def write_run(folder: Path, *, records: int = 12, sick_from: int | None = None, dead: float = 0.0) -> None:
    """A run whose loss falls, and whose gradient holds NaN from a record on."""
    with RunLog(folder, TABLE) as log:
        for number in range(records):
            add_record(log, number, sick=sick_from is not None and number >= sick_from, dead=dead)


def add_record(log: RunLog, number: int, *, sick: bool = False, dead: float = 0.0) -> None:
    """Append one record."""
    units = {"dead_fraction": dead, "window": 10}
    log.record(10 * number, BAD if sick else GOOD, units, {"mean": 2.0 * 0.8**number})
