"""A week of training before one TensorBoard, in minutes: does the server's memory stay where it is?

    python tests/benchmarks/week.py

Three runs write a record of 101 rows every ten seconds for seven days, 60,480 records each, a new event file
each day; one of them goes back to a checkpoint every day. A reader asks all the while, as an open tab does.
The server's resident size is printed as the week goes by; nothing is asserted.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fast_log import FastLog
from health import records_of, table_of
from scale import memory
from tensorboard_server import Server, tensorboard_server

from tb_gradhealth.record import Record

RUNS, DAYS, A_DAY = 3, 7, 8_640
AT_ONCE = 432
"""Records of a run between two questions: an hour and twelve minutes of the week."""

BACK = 500
"""Records that a training loses when it goes on from its checkpoint."""


class Training:
    """One run and its files, one a day."""

    def __init__(self, folder: Path, number: int, sick: bool) -> None:
        self.name, self._folder, self._restarts = f"run_{number}", folder / f"run_{number}", number == 0
        self._table = table_of(101)
        self._kept = records_of(self._table, 100, sick)
        self._step = self._written = 0

    def write(self, count: int) -> None:
        """Some more records."""
        day, begins = divmod(self._written, A_DAY)
        if begins == 0:
            self._log = FastLog(
                self._folder / "gradhealth", self._table, f"events.out.tfevents.{day + 1}.host"
            )
            if self._restarts and day:
                self._step -= BACK
        records = [self._record(self._step + i) for i in range(count)]
        self._log.add(records)
        self._step += count
        self._written += count

    @property
    def last_step(self) -> int:
        """The step of the newest record."""
        return 10 * (self._step - 1)

    def _record(self, step: int) -> Record:
        return Record(10 * step, 1e9 + 10 * step, self._table, self._kept[step % len(self._kept)].values)


def read_to_the_end(server: Server, trainings: list[Training]) -> bool:
    """Whether the server knows the last step of every run."""
    told = {run["run"]: run["last_step"] for run in server.json("runs")["runs"]}
    return all(told.get(training.name) == training.last_step for training in trainings)


def ask(server: Server) -> None:
    """What an open tab asks for in a while."""
    runs = server.json("runs")["runs"]
    server.json("findings?trends=0")
    for run in runs:
        name = quote(run["run"])
        for route in (
            f"heatmap?run={name}&kind=gradient&column=rms",
            f"series?run={name}&kind=loss&tensor=loss&column=mean",
            f"series?run={name}&kind=loss&tensor=loss&column=mean&from={run['last_step'] - 2000}",
            f"magnitudes?run={name}&kind=gradient&tensor=block_3/dense/kernel",
        ):
            assert server.get(route)[0] == 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the logs are written, and removed")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as scratch:
        logs = Path(scratch) / "logs"
        trainings = [Training(logs, number, sick=number == 1) for number in range(RUNS)]
        options = ("--logdir", logs, "--reload_interval", "0")
        with tensorboard_server(Path(scratch), *options) as server:
            print("day of the week   records read   resident MB   seconds a round")
            rounds = DAYS * A_DAY // AT_ONCE
            for number in range(1, rounds + 1):
                for training in trainings:
                    training.write(AT_ONCE)
                begun = time.perf_counter()
                server.wait_until(lambda: read_to_the_end(server, trainings))
                ask(server)
                taken = time.perf_counter() - begun
                if number % (rounds // 14) == 0:
                    read = sum(run["records"] for run in server.json("runs")["runs"])
                    day, resident = DAYS * number / rounds, memory(server.process)
                    print(f"{day:15.1f} {read:14,} {resident:13.0f} {taken:17.2f}", flush=True)


if __name__ == "__main__":
    main()
