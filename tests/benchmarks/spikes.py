"""How even the steps of a training are with Grad Health: the usual one, the hundredth longest, the longest.

    python tests/benchmarks/spikes.py

Steps with and without are run in turn, in one process, on the same batch, as in `overhead.py`. Every tenth
step measures and writes a record, and one now and then judges what was written.
"""

import argparse
import tempfile

import numpy as np
from overhead import WARM_UP, Training, networks

STEPS = 1000


def seconds(name: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of each step without and with, float64 [steps] each."""
    import tb_gradhealth as gradhealth

    make = networks()[name]
    with tempfile.TemporaryDirectory() as folder:
        trainings = Training(make), Training(make, gradhealth.KerasCallback(folder))
        rows = []
        for number in range(WARM_UP + steps):
            order = (0, 1) if number % 2 else (1, 0)
            took = {which: trainings[which].step(number) for which in order}
            rows.append((took[0], took[1]))
    plain, watched = np.array(rows[WARM_UP:]).T
    return plain, watched


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"steps of each kind (default: {STEPS})")
    steps = parser.parse_args().steps
    print("| network | | p50 | p99 | longest | p99 / p50 |\n|---|---|--:|--:|--:|--:|", flush=True)
    for name in networks():
        for way, took in zip(("without", "with"), seconds(name, steps), strict=True):
            middle, rare, longest = (1000 * each for each in (*np.percentile(took, (50, 99)), took.max()))
            told = f"{middle:.1f} ms | {rare:.1f} ms | {longest:.1f} ms | {rare / middle:.2f}"
            print(f"| {name} | {way} | {told} |", flush=True)


if __name__ == "__main__":
    main()
