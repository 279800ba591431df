"""Two processes that train one model: rank 0 records."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import torch_distributed
import torch_training as training
from recorded import Recorded


def run(way, log_dir):
    """The values that rank 0 reports."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    workers = [
        subprocess.Popen(
            [sys.executable, torch_distributed.__file__, str(rank), port, str(log_dir), way],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(torch_distributed.WORKERS)
    ]
    results = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], results
    assert len(list(Path(log_dir).rglob("*tfevents*"))) == 1, "only rank 0 writes"
    return json.loads(results[0][0])


def test_replicas_have_the_mean_gradient(log_dir):
    found = run("replicated", log_dir)
    model = training.classifier()
    expected = training.Kept()
    batches = zip(*(torch_distributed.parts_of(rank) for rank in (0, 1)), strict=True)
    for (x0, y0), (x1, y1) in batches:
        before = training.state(model)
        losses = [training.class_loss(model(x), y) for x, y in ((x0, y0), (x1, y1))]
        (sum(losses) / 2).backward()
        gradients = {name: training.array(each.grad) for name, each in model.named_parameters()}
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
        expected.add(model, before, gradients, float(losses[0].detach()))
    recorded = Recorded(log_dir)
    expected.assert_matches(recorded, rtol=1e-3)
    assert recorded.tensors("activation") == ["0", "1", "2", "3", "4"]
    np.testing.assert_allclose(
        found["weight"][-1], np.sqrt(np.mean(expected.weights["0.weight"][-1] ** 2)), rtol=1e-5
    )


def test_shards_are_those_of_rank_0(log_dir):
    found = run("sharded", log_dir)
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(torch_distributed.STEPS))
    for kind, values in found.items():
        got = recorded.column(kind, "0.weight", "rms")
        np.testing.assert_allclose(list(got.values()), values, rtol=1e-4, err_msg=kind)
    assert recorded.row("gradient", "0.weight").sampled == 3 * training.FEATURES
