"""How fast logs are read, beside TensorBoard's own loader and beside the least that reading can be.

    python tests/benchmarks/reading.py

Prints tables; nothing here is asserted. What is compared is measured in turns, in one process, over the same
files. The second part runs twice: where TensorFlow cannot be imported, and where it can.
"""

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "support"))

REPEATS = 5
SHORT, LONG = 1_000, 100_000
TENSORS = 200
STEPS = 200


def refreshing() -> None:
    """The cost of one new record, in a short run and in a long one."""
    from fast_log import FastLog
    from health import records_of, table_of

    from tb_gradhealth.events import Root
    from tb_gradhealth.monitor import Monitor
    from tb_gradhealth.record import Record

    table = table_of(50)
    few = records_of(table, 100, sick=False)

    def record(number: int) -> Record:
        return Record(10 * number, 1e9 + number, table, few[number % len(few)].values)

    with tempfile.TemporaryDirectory() as scratch:
        logs, monitors = {}, {}
        for count in (SHORT, LONG):
            logs[count] = FastLog(Path(scratch) / str(count) / "run", table)
            logs[count].add(record(number) for number in range(count))
            monitors[count] = Monitor([Root(str(Path(scratch) / str(count)))])
            begun = time.perf_counter()
            monitors[count].refresh()
            print(f"{count:,} records of {len(table.rows)} rows read in {time.perf_counter() - begun:.1f} s")
        gc.collect()
        gc.disable()  # a full collection belongs to no one refresh
        times: dict[str, list[float]] = {}
        for turn in range(200):
            for count in (SHORT, LONG):
                logs[count].add([record(count + turn)])
                for name in (f"{count:,} records, 1 new", f"{count:,} records, none new"):
                    begun = time.perf_counter()
                    monitors[count].refresh()
                    times.setdefault(name, []).append(time.perf_counter() - begun)
        gc.enable()
    print("refresh                          median    90 %")
    for name, taken in times.items():
        print(f"{name:32} {1e3 * statistics.median(taken):5.2f} ms {1e3 * sorted(taken)[180]:5.2f} ms")


def loading(rows: int, count: int) -> None:
    """From an event file to a verdict, and what other readers take over the same or over histograms."""
    import google_crc32c
    import numpy as np
    from fast_log import FastLog, write_events
    from health import records_of, table_of
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.plugins.histogram import summary_v2

    from tb_gradhealth.events import EventFile, RunReader
    from tb_gradhealth.monitor import MonitoredRun

    with tempfile.TemporaryDirectory() as scratch:
        table = table_of(rows)
        log = FastLog(Path(scratch) / "ours", table)
        log.add(records_of(table, count, sick=False))
        others = Path(scratch) / "events.out.tfevents.2.host"
        generator = np.random.default_rng(0)
        tensors = min(rows, TENSORS)
        steps = max(2, 2_000 // tensors)
        histograms = [summary_v2.histogram_pb("t", generator.normal(size=4096)) for _ in range(8)]

        def histogram(step: int, tensor: int) -> event_pb2.Event:
            value = summary_pb2.Summary.Value()
            value.CopyFrom(histograms[tensor % 8].value[0])
            value.tag = f"layer_{tensor}/kernel"
            return event_pb2.Event(step=step, wall_time=1e9, summary=summary_pb2.Summary(value=[value]))

        write_events(others, (histogram(step, tensor) for step in range(steps) for tensor in range(tensors)))
        files = [EventFile(str(log.path), "run/tfevents", recorder=True)]

        def verdict() -> None:
            run = MonitoredRun("run")
            run.read(files)
            run.health.findings()

        def bytes_and_checksum() -> None:
            with log.path.open("rb", buffering=0) as file:
                while piece := file.read(1 << 20):
                    google_crc32c.value(piece)

        readers: Mapping[str, tuple[Callable[[], object], Path]] = {
            "bytes and checksum": (bytes_and_checksum, log.path),
            "our reader": (lambda: sum(1 for _ in RunReader().read(files)), log.path),
            "our reader and the rules": (verdict, log.path),
            "TensorBoard's loader": (lambda: sum(1 for _ in EventFileLoader(str(log.path)).Load()), log.path),
            "TensorBoard's loader, histograms": (
                lambda: sum(1 for _ in EventFileLoader(str(others)).Load()),
                others,
            ),
        }
        taken: dict[str, list[float]] = {}
        for _ in range(REPEATS):
            for name, (read, _) in readers.items():
                begun = time.perf_counter()
                read()
                taken.setdefault(name, []).append(time.perf_counter() - begun)
        # A record tells of `rows` tensors; as many histograms are what people would have to read instead.
        records = dict.fromkeys(readers, float(count)) | {
            "TensorBoard's loader, histograms": steps * tensors / rows
        }
        ours = statistics.median(taken["our reader and the rules"]) / count
        least = statistics.median(taken["bytes and checksum"]) / count
        print(f"{count} records of {rows} rows, {log.path.stat().st_size / 1e6:.0f} MB")
        for name, (_, path) in readers.items():
            median = statistics.median(taken[name])
            each = median / records[name]
            print(
                f"  {name:34} {path.stat().st_size / median / 1e6:8.1f} MB/s {1e3 * each:9.3f} ms a record"
                f"   {each / least:8.1f} x bytes and checksum   {each / ours:6.1f} x reader and rules"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["refreshing", "loading"])
    part = parser.parse_args().part
    if part == "refreshing":
        refreshing()
    elif part == "loading":
        loading(TENSORS, 1_000)
        loading(5_000, 100)
    else:
        absent = "import sys; sys.modules['tensorflow'] = None; sys.argv = sys.argv[1:]; import runpy; "
        absent += "runpy.run_path(sys.argv[0], run_name='__main__')"
        for title, how in (
            ("Refreshing", [sys.executable, __file__, "--part", "refreshing"]),
            ("Loading, without TensorFlow", [sys.executable, "-c", absent, __file__, "--part", "loading"]),
            ("Loading, beside TensorFlow", [sys.executable, __file__, "--part", "loading"]),
        ):
            print(f"\n{title}")
            sys.stdout.flush()
            subprocess.run(how, check=True)


if __name__ == "__main__":
    main()
