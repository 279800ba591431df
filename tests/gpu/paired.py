"""The overhead of recording, from blocks of steps with and without it, in turns."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

EVERY = 10
BAR = 1.02
MIN_PAIRS = 3


class Training(Protocol):
    """A training, one step at a time."""

    def step(self) -> None:
        """Run a step, without waiting for the device."""

    def wait(self) -> None:
        """Wait for the device."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        network: its name, with the size of the batch.
        step: milliseconds of a step without recording.
        ratio: time with recording / time without.
        pairs: blocks of each kind.
    """

    network: str
    step: float
    ratio: float
    pairs: int


def block(training: Training) -> float:
    """Seconds of as many steps as one record covers; the device works on while the host prepares the next."""
    training.wait()
    begin = time.perf_counter()
    for _ in range(EVERY):
        training.step()
    training.wait()
    return time.perf_counter() - begin


def compared(network: str, plain: Training, recorded: Training, seconds: float) -> Row:
    """Compare two trainings, for about so many seconds after blocks that do not count; for 0 by one pair."""
    for training in (plain, recorded) * (2 if seconds else 1):
        block(training)
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while len(pairs) < (MIN_PAIRS if seconds else 1) or time.perf_counter() < end:
        if len(pairs) % 2:
            pairs.append((block(plain), block(recorded)))
        else:
            pairs.append((block(recorded), block(plain))[::-1])
    ratio = statistics.median(two / one for one, two in pairs)
    return Row(network, 1e3 * statistics.median(one for one, _ in pairs) / EVERY, ratio, len(pairs))


def rows(
    name: str,
    make: Callable[[int, bool], Training],
    targets: Sequence[float],
    first_batch: int,
    seconds: float,
    deadline: float,
) -> list[Row]:
    """The rows of a network, one for each wanted duration of a step.

    Args:
        name: of the network.
        make: makes a training from the size of a batch and whether it is recorded.
        targets: milliseconds of a step; the size of the batch is chosen accordingly, empty for that of
            ``first_batch``.
        first_batch: size of the batch by which the duration is estimated.
        seconds: for each row.
        deadline: time after which no row is begun, seconds since the epoch.
    """
    found = []
    sizes = [first_batch]
    if targets and time.time() < deadline:
        tried = make(first_batch, False)
        block(tried)
        per_sample = 1e3 * block(tried) / EVERY / first_batch
        sizes = [max(1, round(target / per_sample)) for target in targets]
        del tried
    for size in sizes:
        if time.time() > deadline:
            print(f"{name}, batch of {size}: left out, there is no time for it.")
            continue
        found.append(compared(f"{name}, batch of {size}", make(size, False), make(size, True), seconds))
    return found


def table(card: str, versions: str, found: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        f"{card}, {versions}, bf16; every step watched, a record every {EVERY}th; medians of pairs.",
        "",
        "| network | step without | with / without | pairs | at most 1.02 |",
        "|---|--:|--:|--:|---|",
    ]
    lines += [
        f"| {row.network} | {row.step:.1f} ms | {row.ratio:.3f} | {row.pairs} "
        f"| {'yes' if row.ratio <= BAR else 'no'} |"
        for row in found
    ]
    return "\n".join(lines)
