"""Full statistics of many tensors, against one sum of each and one histogram summary of each.

    python tests/benchmarks/tensors.py

Every line is measured in one process, the three in turn; medians. Memory is the highest resident size that a
process of its own reaches, without that of making the tensors.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from own_process import in_own_process

ROUNDS = 15


def sets() -> dict[str, list[tuple[int, ...]]]:
    """Shapes to measure, by name."""
    import keras

    network = keras.applications.ResNet50(weights=None)
    return {
        "ResNet50's gradients": [tuple(variable.shape) for variable in network.trainable_variables],
        "1,000 tiny tensors": [(64,)] * 1000,
        "4 huge tensors": [(4096, 4096)] * 4,
    }


def contenders(tensors: Sequence[Any], folder: str) -> dict[str, Callable[[], Any]]:
    """What is compared, each one a function that reads all tensors."""
    import tensorflow as tf

    from tb_gradhealth.capture.statistics.matrix import step_matrix
    from tb_gradhealth.capture.tensorflow.selecting.selection import Selection
    from tb_gradhealth.capture.tensorflow.step_measurement import StepMeasurement
    from tb_gradhealth.record import Row

    rows = [Row(f"layer_{i}/kernel", "gradient", f"layer_{i}", "kernel", i) for i in range(len(tensors))]
    values = dict(enumerate(tensors))
    measurement = StepMeasurement(Selection(tuple(rows), tuple(tensors)))
    writer = tf.summary.create_file_writer(folder)

    def sums() -> Any:
        return tf.stack([tf.reduce_sum(x) for x in tensors])

    def every_step() -> Any:
        rms = [each.rms() for each in measurement.tensors(values) if each.any]
        return tf.concat([*rms, measurement.step_statistics.of_peaks({})[0]], 0)

    @tf.function(autograph=False)
    def payload() -> Any:
        never = tf.constant(False)
        _, outputs = measurement.outputs.watch(values)
        return measurement.payload(values, measurement.tensors(values), never, None, None, outputs)

    def full() -> Any:
        floats, sizes = payload()
        return tf.constant(step_matrix(rows, measurement.unpack(floats.numpy(), sizes.numpy(), False)))

    def histograms() -> Any:
        with writer.as_default(step=0):
            for index, tensor in enumerate(tensors):
                tf.summary.histogram(f"layer_{index}", tensor)
        return tf.constant(0)

    return {
        "sums": tf.function(sums, autograph=False),
        "every step": tf.function(every_step, autograph=False),
        "full statistics": full,
        "histograms": histograms,  # a thousand of them would be traced for minutes
    }


def medians(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds of each function, run in turn."""
    spent: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 2):
        for name, function in functions.items():
            begin = time.perf_counter()
            function().numpy()
            if number > 1:  # the first two trace and warm up
                spent[name].append(time.perf_counter() - begin)
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def made(shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """Normally distributed tensors."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    return [tf.constant(random.standard_normal(shape, np.float32)) for shape in shapes]


def extra_memory(shapes: Sequence[tuple[int, ...]]) -> float:
    """The MiB that full statistics add to the highest resident size."""
    with tempfile.TemporaryDirectory() as folder:
        functions = contenders(made(shapes), folder)
        functions["sums"]().numpy()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        functions["full statistics"]().numpy()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is run (default: 15)")
    rounds = parser.parse_args().rounds
    print(
        "| tensors | MiB | one sum each | every step | full statistics | histograms | full / sums "
        "| histograms / full | more memory |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, shapes in sets().items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = medians(contenders(made(shapes), folder), rounds)
        memory = in_own_process(extra_memory, shapes)
        size = sum(int(np.prod(shape)) for shape in shapes) * 4 / 2**20
        full = seconds["full statistics"]
        times = " | ".join(f"{1000 * value:.1f} ms" for value in seconds.values())
        print(
            f"| {name} | {size:.0f} | {times} | {full / seconds['sums']:.1f} | "
            f"{seconds['histograms'] / full:.0f} | {memory:.0f} MiB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
