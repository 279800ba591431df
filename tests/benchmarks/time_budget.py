"""Whether watching keeps to the share of a training's time that it promises, from small networks to large.

    python tests/benchmarks/time_budget.py

Steps without, with every step watched and with the usual budget are run in turn, in one process, on the
same batch. The budget is measured anew with each network, so the first steps are left out: 256 of them,
two seconds, and those in which the costs are measured.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from overhead import Training, networks

STEPS = 320
SHARE = 0.02


def large() -> Any:
    """A network whose step takes about half a second."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((96, 96, 3)),
            *(layers.Conv2D(32, 3, activation="relu", padding="same") for _ in range(3)),
            layers.MaxPooling2D(),
            *(layers.Conv2D(64, 3, activation="relu", padding="same") for _ in range(2)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )


def tiny() -> Any:
    """A network whose step takes about half a millisecond."""
    import keras

    return keras.Sequential([keras.Input((16,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(10)])


def measured(make: Callable[[], Any], steps: int) -> tuple[float, list[float], Any]:
    """Seconds of a step without, how many more with every step watched and with the budget, and its pace."""
    import tb_gradhealth as gradhealth

    with tempfile.TemporaryDirectory() as folder:
        budgeted = gradhealth.KerasCallback(f"{folder}/budget", overhead=SHARE)
        trainings = [
            Training(make),
            Training(make, gradhealth.KerasCallback(f"{folder}/always", overhead=None)),
            Training(make, budgeted),
        ]
        rows: list[list[float]] = []
        number = decided = 0
        while len(rows) < steps:
            took = [0.0] * 3
            for place in range(3):
                which = (number + place) % 3
                if which == 2 and number:
                    # Else it would take the other two trainings for a part of its own.
                    budgeted._fit.recorder._last_end = time.perf_counter()  # type: ignore[union-attr]
                took[which] = trainings[which].step(number)
            number += 1
            pace = budgeted._fit.recorder._time  # type: ignore[union-attr]
            decided = decided or (number if pace.decisions else 0)
            if decided and number > decided:
                rows.append(took)
        seconds = np.array(rows)
        more = [_trimmed(seconds[:, which] - seconds[:, 0]) for which in (1, 2)]
        return statistics.median(seconds[:, 0]), more, pace.pace


def _trimmed(differences: Any) -> float:
    """Their mean without the lowest and highest hundredth: somebody else had the processor then."""
    low, high = np.percentile(differences, (1, 99))
    return float(np.mean(np.clip(differences, low, high)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"steps of each kind (default: {STEPS})")
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    arguments = parser.parse_args()
    print("| network | step without | every step watched | with the budget | watched | records |")
    print("|---|--:|--:|--:|--:|--:|", flush=True)
    chosen = {"2 dense layers of 8": tiny, **networks(), "5 convolutions, 96 x 96": large}
    for name, make in sorted(chosen.items(), key=lambda each: "convolutions" in each[0]):
        if arguments.only not in name:
            continue
        # A small network's records lie far apart: more steps, so that they count as they should.
        steps = arguments.steps * (1 if "convolutions" in name else 8)
        base, (always, budgeted), pace = measured(make, steps)
        ratios = f"{1 + always / base:.3f} | {1 + budgeted / base:.3f}"
        print(
            f"| {name} | {1000 * base:.1f} ms | {ratios} | 1 / {pace.watch} | 1 / {10 * pace.record} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
