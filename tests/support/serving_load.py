"""Load on one TensorBoard: many readers while runs are written."""

import itertools
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from run_log import RunLog
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from tb_gradhealth.record import Row, RowTable

PLUGIN = "data/plugin/gradhealth/"
LAYERS = 50
RECORDS_PER_SECOND = 4
"""Records of each writer: those of a training with steps of 25 ms that records every tenth."""

TABLE = RowTable(
    (
        *(
            Row(f"d{depth}/kernel", kind, f"d{depth}", "kernel", depth, (64, 64))
            for depth in range(LAYERS)
            for kind in ("gradient", "weight")
        ),
        Row("loss", "loss", "loss", "loss", LAYERS),
    )
)


@dataclass
class Load:
    """The results.

    Attributes:
        seconds: response times by route.
        unchanged: number of 304 responses by route.
        errors: failed requests.
        written: number of records by run.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    unchanged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    errors: list[str] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)


class Scalars:
    """Writes the loss as a scalar of TensorBoard into the folder of a run; each value is flushed."""

    def __init__(self, folder):
        self._writer = EventFileWriter(str(folder))
        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars")
        self._metadata = summary_pb2.SummaryMetadata(
            plugin_data=plugin, data_class=summary_pb2.DATA_CLASS_SCALAR
        )

    def add(self, step, loss):
        value = summary_pb2.Summary.Value(
            tag="loss", metadata=self._metadata, tensor=tensor_util.make_tensor_proto(np.float32(loss))
        )
        self._writer.add_event(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=[value])))
        self._writer.flush()

    def close(self):
        self._writer.close()


def write(logs, run, until, load):
    """Append records with all rows at the rate of a training; one record in a hundred has NaN."""
    scalars, count = Scalars(logs / run), 0
    row = {"mean": 0.0, "nan_count": 0, "inf_count": 0, "bad_steps": 0, "bad_ago": 0}
    with RunLog(logs / run / "gradhealth", TABLE) as log:
        while not until.is_set():
            sick = {"nan_count": 1.0} if count % 100 == 10 else {}
            rms = 1.0 + 0.01 * (count % 7)
            log.record(10 * count, *[{**row, "rms": rms, **sick}] * (2 * LAYERS), {"mean": 2.0})
            scalars.add(10 * count, 2.0)
            count += 1
            load.written[run] = count
            until.wait(1 / RECORDS_PER_SECOND)
    scalars.close()


def read(url, runs, until, load, seed, pause):
    """Poll each route in turn with its last ETag, as a tab does, at slightly random times."""
    dice, tags = random.Random(seed), {}
    run = dice.choice(runs)
    tensor = {"run": run, "tensor": f"d{dice.randrange(LAYERS)}/kernel", "kind": "gradient"}
    questions = {
        "scalars (TensorBoard's own)": "data/plugin/scalars/scalars?"
        + urllib.parse.urlencode({"run": run, "tag": "loss"}),
        "runs": PLUGIN + "runs",
        "findings": PLUGIN + "findings?trends=0",
        "series": PLUGIN + "series?" + urllib.parse.urlencode({**tensor, "column": "rms"}),
        "heatmap": PLUGIN
        + "heatmap?"
        + urllib.parse.urlencode({"run": run, "kind": "gradient", "column": "rms"}),
        "version (nothing changes)": PLUGIN + "version",
    }
    for route in itertools.cycle(questions):
        if until.wait(pause * dice.uniform(0.5, 1.5)):
            return
        request = urllib.request.Request(url + questions[route], headers=tags.get(route, {}))
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                if tag := answer.headers.get("ETag"):
                    tags[route] = {"If-None-Match": tag}
        except urllib.error.HTTPError as error:
            if error.code == 304:
                load.unchanged[route] += 1
            else:
                load.errors.append(f"{route}: {error.code} {error.read()[:200]!r}")
        except OSError as error:
            load.errors.append(f"{route}: {error!r}")
        load.seconds[route].append(time.perf_counter() - start)


def loaded(server, logs, readers=50, writers=10, seconds=120.0, pause=1.0) -> Load:
    """Run readers and writers on a server for some seconds."""
    load, until = Load(), threading.Event()
    runs = [f"run{index}" for index in range(writers)]
    writing = [threading.Thread(target=write, args=(logs, run, until, load)) for run in runs]
    for thread in writing:
        thread.start()
    server.wait_until(lambda: len(server.json("runs")["runs"]) == writers)
    server.wait_until(lambda: len(server.json("data/plugin/scalars/tags", base="")) == writers)
    reading = [
        threading.Thread(target=read, args=(server.url, runs, until, load, seed, pause))
        for seed in range(readers)
    ]
    for thread in reading:
        thread.start()
    time.sleep(seconds)
    until.set()
    for thread in (*writing, *reading):
        thread.join()
    return load
