"""`gradhealth check` over many runs, by the number of processes: the time, the cost per run and the memory.

    python tests/benchmarks/fleet.py [--runs 1000 10000] [--workers 1 2] [--tensors 200] [--records 60]

Prints a table; nothing is asserted. The numbers of processes take turns, so that other load on the machine
falls on all of them; the fastest of the rounds counts. The memory is the largest resident size: of the
process that lists the runs and writes the report, and of all processes together, where shared pages count
for each.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from scale import write

from tb_gradhealth.fleet.workers import cores

SAMPLING_SECONDS = 0.05


def check(folder: Path, workers: int) -> tuple[float, float, float]:
    """Seconds, megabytes of the command's process, and megabytes of all processes of one check."""
    command = [sys.executable, "-m", "tb_gradhealth.cli", "check", str(folder), "--format", "json"]
    begun = time.perf_counter()
    process = psutil.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)
    alone = together = 0
    while process.poll() is None:
        here, below = sizes(process)
        alone, together = max(alone, here), max(together, here + below)
        time.sleep(SAMPLING_SECONDS)
    return time.perf_counter() - begun, alone / 1e6, together / 1e6


def sizes(process: psutil.Popen) -> tuple[int, int]:
    """Resident bytes of a process, and of the processes below it; zeros where it has just ended."""
    try:
        below = process.children(recursive=True)
        return process.memory_info().rss, sum(child.memory_info().rss for child in below)
    except psutil.Error:
        return 0, 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the logs are written, and removed")
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, 2, cores()}))
    parser.add_argument("--tensors", type=int, default=200, help="of each run")
    parser.add_argument("--records", type=int, default=60, help="of each run")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    print("| runs | MB of files | workers | seconds | ms per run | MB, this process | MB, all |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for runs in chosen.runs:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            size = write(Path(folder), runs, chosen.tensors, chosen.records)
            measured: dict[int, list[tuple[float, float, float]]] = {each: [] for each in chosen.workers}
            for _ in range(chosen.rounds):
                for workers, checks in measured.items():
                    checks.append(check(Path(folder), workers))
            for workers, checks in measured.items():
                seconds, alone, together = map(min, zip(*checks, strict=True))
                cost = f"{seconds:.1f} | {1e3 * seconds / runs:.1f} | {alone:,.0f} | {together:,.0f}"
                print(f"| {runs:,} | {size / 1e6:,.0f} | {workers} | {cost} |", flush=True)


if __name__ == "__main__":
    main()
