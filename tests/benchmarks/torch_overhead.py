"""What recording costs in PyTorch: statistics of many tensors, training steps, the first step, memory.

    python tests/benchmarks/torch_overhead.py [--steps N] [--device cpu] [--threads N] [--only PART ...]

Variants run in turns in one process, on the same data; medians. The table of tensors is against one sum of
each, the least that reads them, and against `SummaryWriter.add_histogram` of each. With the budget, steps are
counted from the one in which the costs have been measured, and their median is taken by kind: with a record,
watched or not, as the step before and after. The mean of the kinds counts how often each comes, so a record
that is rare counts as it should.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.capture.torch.measuring.norms import rms
from tb_gradhealth.capture.torch.measuring.tensors import measured
from tb_gradhealth.capture.writing.time_budget import TimeBudget

CLOCK = time.perf_counter
EVERY = 10
SHARE = 0.02

RESNET50 = [
    (64, 3, 7, 7),
    *[
        shape
        for blocks, width, before in ((3, 64, 64), (4, 128, 256), (6, 256, 512), (3, 512, 1024))
        for block in range(blocks)
        for shape in (
            (width, before if block == 0 else 4 * width, 1, 1),
            (width, width, 3, 3),
            (4 * width, width, 1, 1),
            *([(4 * width, before, 1, 1)] if block == 0 else []),
            *[(width,)] * 4,
            *[(4 * width,)] * (4 if block == 0 else 2),
        )
    ],
    (1000, 2048),
    (1000,),
]
"""Shapes of the parameters of ResNet50, without those of its first normalization."""


def networks() -> dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]]:
    """Networks and the shapes of their inputs, by name."""

    def convolutional() -> nn.Module:
        return nn.Sequential(
            *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(64 * 36, 128), nn.ReLU(), nn.Linear(128, 10)),
        )

    def small_convolutional() -> nn.Module:
        return nn.Sequential(
            *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(64 * 25, 10)),
        )

    def dense() -> nn.Module:
        layers = [part for _ in range(3) for part in (nn.Linear(32, 32), nn.ReLU())]
        return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), *layers, nn.Linear(32, 10))

    return {
        "5 dense layers of 32": (dense, (64,)),
        "2 convolutions, 28 x 28": (small_convolutional, (1, 28, 28)),
        "4 convolutions, 32 x 32": (convolutional, (3, 32, 32)),
    }


class Training:
    """A network in training, one step at a time."""

    def __init__(
        self, make: Callable[[], nn.Module], shape: Sequence[int], device: torch.device, **options: Any
    ) -> None:
        torch.manual_seed(0)
        self._model = make().to(device)
        self._optimizer = torch.optim.Adam(self._model.parameters())
        self._x = torch.randn(64, *shape, device=device)
        self._y = torch.randint(10, (64,), device=device)
        self._watcher = None
        if options:
            folder = tempfile.mkdtemp()
            self._watcher = gradhealth.watch(self._model, self._optimizer, folder, **options)

    def step(self) -> float:
        """Run a step; its seconds."""
        begin = CLOCK()
        loss = nn.functional.cross_entropy(self._model(self._x), self._y)
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._watcher is not None:
            self._watcher.step(loss)
        synchronize(self._x.device)
        return CLOCK() - begin

    @property
    def kind(self) -> str:
        """How the next step is observed."""
        step = self._watcher._observation._step  # type: ignore[union-attr]
        return "record" if step.is_full else "watched" if step.watched else "not watched"

    @property
    def budget(self) -> TimeBudget:
        """The time budget."""
        return self._watcher._recorder._time  # type: ignore[union-attr]


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def tensors(device: torch.device, rounds: int) -> None:
    """The table of many tensors."""
    from torch.utils.tensorboard import SummaryWriter

    sets = {
        "ResNet50's gradients": [torch.randn(shape, device=device) for shape in RESNET50],
        "1,000 tiny tensors": [torch.randn(64, device=device) for _ in range(1000)],
    }
    print("| tensors | MiB | one sum each | every step | full statistics | histograms | full / sums |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, values in sets.items():
        writer = SummaryWriter(tempfile.mkdtemp())
        variants: dict[str, Callable[[], Any]] = {
            "sums": lambda values=values: torch.stack([value.sum() for value in values]).cpu(),
            "norms": lambda values=values: rms(values, device).cpu(),
            "full": lambda values=values: measured(list(range(len(values))), values),
        }
        if rounds > 1:
            variants["histograms"] = lambda values=values, writer=writer: [
                writer.add_histogram(str(index), value, 0) for index, value in enumerate(values)
            ]
        times: dict[str, list[float]] = {variant: [] for variant in variants}
        for _ in range(rounds):
            for variant, run in variants.items():
                if variant == "histograms" and len(times[variant]) == 3:
                    continue
                synchronize(device)
                begin = time.perf_counter()
                run()
                times[variant].append(time.perf_counter() - begin)
        middle = {variant: 1e3 * statistics.median(seconds) for variant, seconds in times.items()}
        size = sum(value.numel() for value in values) * 4 / 2**20
        print(
            f"| {name} | {size:.0f} | {middle['sums']:.1f} ms | {middle['norms']:.1f} ms "
            f"| {middle['full']:.1f} ms | {middle.get('histograms', float('nan')):,.0f} ms "
            f"| {middle['full'] / middle['sums']:.1f} |"
        )


def steps(device: torch.device, count: int) -> None:
    """The table of training steps."""
    print("\n| network | every | step without | added per step | ratio | first step | without |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, (make, shape) in networks().items():
        for every in (EVERY, 1):
            plain = Training(make, shape, device)
            watched = Training(make, shape, device, every=every, overhead=None)
            first = plain.step(), watched.step()
            pairs, kinds = [], []
            for number in range(count):
                kinds.append(watched.kind)
                pair = {each: each.step() for each in (plain, watched)[:: 1 if number % 2 else -1]}
                pairs.append((pair[plain], pair[watched]))
            pairs, kinds = pairs[count // 10 :], kinds[count // 10 :]
            without = statistics.median(one for one, _ in pairs)
            added = mean_of_kinds([two - one for one, two in pairs], kinds)
            print(
                f"| {name} | {every} | {1e3 * without:.1f} ms | {1e3 * added:.2f} ms "
                f"| {(without + added) / without:.3f} | {1e3 * first[1]:.0f} ms | {1e3 * first[0]:.0f} ms |"
            )


def budget(device: torch.device, count: int) -> None:
    """The table of training steps with the usual budget."""
    print("\n| network | step without | every step watched | with the budget | watched | records |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, (make, shape) in networks().items():
        options: list[dict[str, Any]] = [{}, {"overhead": None}, {"overhead": SHARE}]
        plain, always, budgeted = (Training(make, shape, device, **each) for each in options)
        while not budgeted.budget.decisions:
            budgeted.step()
        ratios = []
        # In pairs: caches hold what the step before has left.
        for recorded in (always, budgeted):
            steps, differences, kinds = [], [], []
            for number in range(count * (1 if "4 conv" in name else 16)):
                kinds.append(recorded.kind)
                pair = {each: each.step() for each in (plain, recorded)[:: 1 if number % 2 else -1]}
                steps.append(pair[plain])
                differences.append(pair[recorded] - pair[plain])
            base = statistics.median(steps)
            ratios.append(1 + mean_of_kinds(differences, kinds) / base)
        pace = budgeted.budget.pace
        print(
            f"| {name} | {1e3 * base:.2f} ms | {ratios[0]:.3f} | {ratios[1]:.3f} "
            f"| 1 / {pace.watch} | 1 / {EVERY * pace.record} |",
            flush=True,
        )


def mean_of_kinds(values: Sequence[float], kinds: Sequence[str]) -> float:
    """The mean of the medians of each kind of step, by its frequency; its neighbours belong to its kind."""
    groups: dict[Sequence[str], list[float]] = {}
    for index in range(1, len(values) - 1):
        groups.setdefault(tuple(kinds[index - 1 : index + 2]), []).append(values[index])
    return sum(len(group) * statistics.median(group) for group in groups.values()) / (len(values) - 2)


def memory(device: torch.device) -> None:
    """The largest memory of a step on a GPU, with and without; a CPU's allocator does not report it."""
    if device.type != "cuda":
        return
    make, shape = networks()["4 convolutions, 32 x 32"]
    print("\n| largest memory of a step | MiB |\n|---|--:|")
    for name, options in (("without", {}), ("with", {"every": 2})):
        trained = Training(make, shape, device, **options)
        torch.cuda.reset_peak_memory_stats()
        for _ in range(10):
            trained.step()
        print(f"| {name} | {torch.cuda.max_memory_allocated() / 2**20:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", nargs="*", default=["tensors", "steps", "budget", "memory"])
    parser.add_argument("--threads", type=int, help="of PyTorch; 1: processor time, of steps")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.threads == 1:
        CLOCK = time.thread_time  # other load on the machine does not count
    chosen = torch.device(arguments.device)
    if "tensors" in arguments.only:
        tensors(chosen, arguments.rounds)
    if "steps" in arguments.only:
        steps(chosen, arguments.steps)
    if "budget" in arguments.only:
        budget(chosen, arguments.steps)
    if "memory" in arguments.only:
        memory(chosen)
