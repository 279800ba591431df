"""How fast the tab's routes answer many readers while runs are written, beside TensorBoard's own scalars.

python tests/benchmarks/serving.py
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from serving_load import loaded
from tensorboard_server import tensorboard_server

OWN = "scalars (TensorBoard's own)"


def main() -> None:
    """Print the table; the exit code is 1 where anything failed or a record was lost."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--readers", type=int, default=50)
    arguments.add_argument("--writers", type=int, default=10)
    arguments.add_argument("--seconds", type=float, default=120)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        with tensorboard_server(Path(folder), "--logdir", logs, "--reload_interval=1") as server:
            load = loaded(server, logs, chosen.readers, chosen.writers, chosen.seconds)
            deadline = time.monotonic() + 30
            read: dict[str, int] = {}
            while read != load.written and time.monotonic() < deadline:
                time.sleep(0.5)
                read = {run["run"]: run["records"] for run in server.json("runs")["runs"]}
    lost = sum(load.written.values()) - sum(read.values())
    own = np.percentile(load.seconds[OWN], (50, 99))
    print(f"{chosen.readers} readers, {chosen.writers} writers, {chosen.seconds:g} s")
    print(f"records written {sum(load.written.values())}, lost {lost}; errors {len(load.errors)}")
    print(f"{'route':28}  answers    304  p50 ms  p99 ms  p50 ratio  p99 ratio")
    for route, seconds in load.seconds.items():
        p50, p99 = np.percentile(seconds, (50, 99))
        print(
            f"{route:28}  {len(seconds):7}  {load.unchanged[route]:5}  {1e3 * p50:6.1f}  {1e3 * p99:6.1f}"
            f"  {p50 / own[0]:9.2f}  {p99 / own[1]:9.2f}"
        )
    for error in load.errors[:10]:
        print(error)
    sys.exit(1 if lost or load.errors else 0)


if __name__ == "__main__":
    main()
