"""Large log directories before a real TensorBoard: how soon the tab has something, and what it takes.

    python tests/benchmarks/scale.py [--folder DIRECTORY]

A thousand runs of 200 tensors, and ten of 5,000 tensors and 2,000 records (7 GB). Prints tables; nothing is
asserted.
"""

import argparse
import gzip
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fast_log import FastLog
from health import records_of, table_of
from tensorboard_server import Server, tensorboard_server

from tb_gradhealth.record import Record

SIZES = {
    "1,000 runs, 200 tensors, 60 records": (1_000, 200, 60),
    "10 runs, 5,000 tensors": (10, 5_000, 2_000),
}


def write(folder: Path, runs: int, rows: int, count: int) -> int:
    """Runs of which each fifth is sick; their bytes."""
    table = table_of(rows)
    kept = {sick: records_of(table, min(count, 60), sick) for sick in (False, True)}

    def records(sick: bool) -> Iterator[Record]:
        some = kept[sick]
        for number in range(count):
            yield Record(10 * number, 1e9 + number, table, some[number % len(some)].values)

    size = 0
    for run in range(runs):
        log = FastLog(folder / f"run_{run}" / "gradhealth", table)
        log.add(records(run % 5 == 0))
        size += log.path.stat().st_size
    return size


class Asked:
    """What one route took to answer, again and again."""

    def __init__(self, server: Server, route: str) -> None:
        self._address = server.url + "data/plugin/gradhealth/" + route
        self.taken: list[float] = []
        self.size = self.zipped = 0
        self._etag = ""

    def ask(self, etag: bool = False) -> bytes:
        """The answer's body; with an ETag none where nothing changed."""
        headers = {"If-None-Match": self._etag} if etag else {}
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(urllib.request.Request(self._address, headers=headers)) as response:
                body: bytes = response.read()
                self._etag = response.headers["ETag"]
        except urllib.error.HTTPError as error:
            if error.code != 304:
                raise
            body = b""
        self.taken.append(time.perf_counter() - begun)
        if body:
            self.size = len(body)
            self.zipped = len(gzip.compress(body, 6)) if body[:1] == b"{" else len(body)
        return body

    def row(self, name: str) -> str:
        """A line of the table."""
        median, worst = statistics.median(self.taken), max(self.taken)
        return (
            f"  {name:34} {len(self.taken):5} {1e3 * median:9.1f} ms {1e3 * worst:9.1f} ms"
            f" {self.size / 1e3:10.0f} kB {self.zipped / 1e3:8.0f} kB"
        )


def memory(process: int) -> float:
    """A process's resident MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def processor(process: int) -> float:
    """Seconds of processor that a process has used, in all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure(title: str, logs: Path, size: int) -> None:
    """One log directory's table."""
    with tempfile.TemporaryDirectory() as scratch:
        # TensorBoard reads the same files for its other tabs, in a process of its own: once is enough.
        options = ("--logdir", logs, "--reload_interval", "0")
        with tensorboard_server(Path(scratch), *options) as server:
            begun = time.perf_counter()
            process = server.process
            runs = Asked(server, "runs")
            first = json.loads(runs.ask())
            print(f"\n{title}, {size / 1e6:,.0f} MB")
            print(f"  first answer after {runs.taken[0]:.2f} s, knowing {len(first['runs'])} runs")
            loading = {"runs": runs, "findings": Asked(server, "findings?trends=0")}
            one = quote(first["runs"][0]["run"]) if first["runs"] else "run_0"
            loading["heatmap"] = Asked(server, f"heatmap?run={one}&kind=gradient&column=rms&width=128")
            while not json.loads(runs.ask())["loading"]["done"]:
                for asked in list(loading.values())[1:]:
                    asked.ask()
                time.sleep(0.5)
            print(f"  all read after {time.perf_counter() - begun:.1f} s, {memory(process):,.0f} MB resident")
            print("                                     asked    median      longest     answer     gzip")
            for name, asked in loading.items():
                print(asked.row(f"{name}, while reading"))
            tensors = Asked(server, f"tensors?run={one}")
            tensor = json.loads(tensors.ask())["tensors"][0]
            key = f"run={one}&tensor={quote(tensor['tensor'])}&kind={tensor['kind']}"
            for name, route in {
                "runs": "runs",
                "findings": "findings?trends=0",
                "tensors": f"tensors?run={one}",
                "heatmap": f"heatmap?run={one}&kind=gradient&column=rms&width=128",
                "series": f"series?{key}&column=rms",
            }.items():
                asked = Asked(server, route)
                for _ in range(5):
                    asked.ask()
                print(asked.row(f"{name}, all read"))
            unchanged = Asked(server, "runs")
            unchanged.ask()
            unchanged.taken.clear()
            used = processor(process)
            for _ in range(50):
                time.sleep(0.1)
                unchanged.ask(etag=True)
            used = processor(process) - used
            print(unchanged.row("runs, unchanged (304)"))
            print(f"  {1e3 * used / 50:.1f} ms of processor a question; {memory(process):,.0f} MB resident")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the logs are written, and removed")
    parser.add_argument("--records", type=int, default=2_000, help="of each run of 5,000 tensors")
    chosen = parser.parse_args()
    for title, (runs, rows, count) in SIZES.items():
        count = count if runs > 10 else chosen.records
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            size = write(Path(folder), runs, rows, count)
            measure(f"{title}, {count:,} records" if runs <= 10 else title, Path(folder), size)


if __name__ == "__main__":
    main()
