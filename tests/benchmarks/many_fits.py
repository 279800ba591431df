"""What a process keeps of each training, when there are many in it: a search over settings, a notebook.

    python tests/benchmarks/many_fits.py

Each way has a process of its own, which builds, compiles and fits a small network again and again, with
`keras.backend.clear_session()` before each. What TensorFlow itself keeps of every training that it traces is
the first row. Growth is that of the resident memory over the later half of the trainings.
"""

import argparse
import gc
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from own_process import in_own_process

FITS = 50
PAGE = 4096


def ways(folder: str) -> dict[str, Any]:
    """What makes the callbacks of a training, by name."""
    import keras

    import tb_gradhealth as gradhealth

    return {
        "nothing": list,
        "Grad Health": lambda: [gradhealth.KerasCallback(folder)],
        "TensorBoard callback, histogram_freq=1": lambda: [
            keras.callbacks.TensorBoard(folder, histogram_freq=1)
        ],
    }


NAMES = ("nothing", "Grad Health", "TensorBoard callback, histogram_freq=1")


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def trained(way: str, compiled: bool, fits: int) -> tuple[list[int], float]:
    """Resident bytes after each training, and seconds a training."""
    import keras

    x = np.random.default_rng(0).standard_normal((64, 10), np.float32)
    sizes, begin = [], time.perf_counter()
    for _ in range(fits):
        with tempfile.TemporaryDirectory() as folder:
            callbacks = ways(folder)[way]()
            keras.backend.clear_session()
            layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)]
            model = keras.Sequential([keras.Input((10,)), *layers])
            model.compile("adam", "mse", jit_compile=compiled)
            model.fit(x, x[:, :1], epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
            del model, callbacks
        sizes.append(resident())
    return sizes, (time.perf_counter() - begin) / fits


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--fits", type=int, default=FITS, help=f"trainings of each kind (default: {FITS})")
    fits = parser.parse_args().fits
    print(
        "| step | measured by | resident after the first | after the last | growth per fit | ratio | time |"
    )
    print("|---|---|--:|--:|--:|--:|--:|", flush=True)
    for compiled in (False, True):
        own = None
        for way in NAMES:
            sizes, seconds = in_own_process(trained, way, compiled, fits)
            half = len(sizes) // 2
            growth = float(np.polyfit(np.arange(half, fits), sizes[half:], 1)[0]) / 1e6
            own = growth if own is None else own
            kind = "jit_compile=True" if compiled else "plain"
            first, last = (f"{sizes[place] / 1e6:,.0f} MB" for place in (0, -1))
            more = f"{growth:.2f} MB | {growth / own:.2f} | {seconds:.1f} s"
            print(f"| {kind} | {way} | {first} | {last} | {more} |", flush=True)


if __name__ == "__main__":
    main()
