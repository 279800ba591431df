"""PyTorch: no host waits between records, and the overhead; see `run.py`.

python tests/gpu/torch_checks.py gpu|cpu DEADLINE
"""

import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import torch
from paired import EVERY, rows, table
from recorded import Recorded
from torch.profiler import ProfilerActivity, profile
from torch_networks import Training

from tb_gradhealth.capture.torch.observing import flight_recorder

NETWORKS = ("ResNet50", "GPT")
TARGETS = (10.0, 50.0, 200.0)

WAITING = (
    *("aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::_unique2"),
    *("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy"),
    *("Memcpy DtoH (Device -> Pageable)",),
)
"""Operators and calls in which the host waits for the device, as the profiler names them."""


def waits(training: Training, steps: int) -> Counter[str]:
    """How often the host waits in so many steps, by the profiler and by calls of `Tensor.cpu`."""
    transfers: Counter[str] = Counter()
    original = torch.Tensor.cpu

    def cpu(tensor: torch.Tensor, *arguments: Any) -> torch.Tensor:
        transfers["Tensor.cpu"] += 1
        return original(tensor, *arguments)

    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(ProfilerActivity.CUDA)
    # On a CPU `Tensor.cpu` does nothing that a profiler sees.
    with patch.object(torch.Tensor, "cpu", cpu), profile(activities=activities, acc_events=True) as profiler:
        for _ in range(steps):
            training.step()
    found = Counter(event.name for event in profiler.events() if event.name in WAITING)
    training.wait()
    return found + transfers


def check_waits(name: str, device: str) -> None:
    """Compare the waits of steps between records with those of the same steps without recording."""
    without, recorded = (Training(name, 2, device, each) for each in (False, True))
    for training in (without, recorded):
        for _ in range(EVERY + 1):
            training.step()
        training.wait()
    between = waits(recorded, EVERY - 1)
    usual = waits(without, EVERY - 1)
    in_record = waits(recorded, 1)
    recorded.close()
    assert Recorded(recorded.log_dir).steps == [0, EVERY, 2 * EVERY], "a step tripped"
    # The end of a profile waits for the device itself, in all of them.
    assert between <= usual, f"{name}: the host waits between records: {between - usual}"
    assert in_record - usual, f"{name}: the profiler finds no waiting where a record is read"
    print(
        f"- {name}: in {EVERY - 1} steps between records the host waits {between.total()} times, without "
        f"recording {usual.total()} times; in the step with a record {in_record.total()} times."
    )


def main(device: str, deadline: float) -> None:
    """Run the checks."""
    on_gpu = device == "gpu"
    place = "cuda" if on_gpu else "cpu"
    if not on_gpu:
        torch.set_num_threads(1)
    flight_recorder.HOST = ()  # type: ignore[misc]  # on a CPU too, the way of a GPU is checked
    for name in NETWORKS:
        check_waits(name, place)
    flight_recorder.HOST = ("cpu",)  # type: ignore[misc]
    found = []
    for name in NETWORKS:
        found += rows(
            name,
            lambda batch, recorded, name=name: Training(name, batch, place, recorded),
            TARGETS if on_gpu else (),
            16 if on_gpu else 2,
            8.0 if on_gpu else 0.0,
            deadline,
        )
    card = torch.cuda.get_device_name() if on_gpu else "CPU, tiny networks"
    print("\n" + table(card, f"PyTorch {torch.__version__}", found))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
