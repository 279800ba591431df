"""How fast the rules read: megabytes of records per second, beside `np.sum` over the same records.

    python tests/benchmarks/health.py [--rows 5000] [--records 200]

Prints a table; nothing here is asserted. The two are measured in turns, in one process, so that whatever else
the machine does falls on both; the ratio is what to compare.
"""

import argparse
import resource
import time
from dataclasses import replace

import numpy as np

from tb_gradhealth.health import RunHealth
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, layouts
from tb_gradhealth.record.magnitudes import PACKED


def table_of(rows: int) -> RowTable:
    """A network of that many rows: kernels with gradient, weight, update and activation, and a loss."""
    found: list[Row] = []
    for depth in range((rows - 1) // 4):
        layer = f"block_{depth}/dense"
        kernel = Row(f"{layer}/kernel", "gradient", layer, "kernel", depth, (256, 256))
        found += [kernel, replace(kernel, kind="weight"), replace(kernel, kind="update")]
        found.append(Row(layer, "activation", layer, "activation", depth, (-1, 256), activation="relu"))
    found.append(Row("loss", "loss", "loss", "loss", len(found), output=True))
    return RowTable(
        tuple(found), settings={"every": 10}, layouts=layouts(units=True, sparse=False, replicas=False)
    )


def records_of(table: RowTable, count: int, sick: bool) -> list[Record]:
    """Records of a training that learns, or of one whose gradients fade on their way back."""
    generator = np.random.default_rng(0)
    place = {name: index for index, name in enumerate(COLUMNS)}
    absent = np.ones((len(table.rows), len(COLUMNS)), bool)
    absent.reshape(-1)[table.written] = False
    fade = np.linspace(-12, 0, len(table.rows)) if sick else np.zeros(len(table.rows))
    records = []
    for index in range(count):
        values = np.exp(generator.normal(-3, 0.1, absent.shape)).astype(np.float32)
        values[:, place["rms"]] *= np.where([row.kind == "gradient" for row in table.rows], 10.0**fade, 1)
        values[:, place["rms"]] *= np.where([row.kind == "update" for row in table.rows], 1e-3, 1)
        for name in (
            "nan_count",
            "inf_count",
            "bad_steps",
            "dead_fraction",
            "dormant_fraction",
            "untouched_fraction",
        ):
            values[:, place[name]] = 0
        values[:, place["window"]] = 10
        values[:, -PACKED:] = 1234
        values[-1, place["mean"]] = 2.3 if sick else 2.3 * np.exp(-index / 100)
        values[absent] = np.nan
        records.append(Record(10 * index, 1e9 + index, table, values))
    return records


def measure(rows: int, count: int, sick: bool) -> tuple[float, float, float, int]:
    """Seconds judging and summing, and megabytes, of a run of records; and its findings."""
    table = table_of(rows)
    records = records_of(table, min(count, 100), sick)
    judging = summing = 0.0
    size = sum(record.values.nbytes for record in records)
    health = RunHealth()
    for begin in range(0, count, len(records)):
        shifted = [Record(10 * begin + r.step, r.wall_time, table, r.values) for r in records]
        start = time.process_time()
        for record in shifted:
            record.values.sum()
        summed = time.process_time()
        for record in shifted:
            health.observe(record)
        findings = len(health.findings())
        summing += summed - start
        judging += time.process_time() - summed
    return judging, summing, count / len(records) * size / 1e6, findings


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rows", type=int, nargs="+", default=[200, 1000, 5000])
    arguments.add_argument("--records", type=int, default=200)
    chosen = arguments.parse_args()
    print("rows   records  training     MB   judged MB/s   np.sum MB/s   ratio  findings  peak MB")
    for rows in chosen.rows:
        for sick in (False, True):
            judging, summing, size, findings = measure(rows, chosen.records, sick)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            training = "sick" if sick else "healthy"
            print(
                f"{rows:5}  {chosen.records:7}  {training:8}  {size:5.0f}  {size / judging:12.0f}"
                f"  {size / summing:12.0f}  {judging / summing:6.1f}  {findings:8}  {peak:7.0f}"
            )


if __name__ == "__main__":
    main()
