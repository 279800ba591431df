"""What people meet first: the first step of `fit`, the size of its graph, the memory of the process.

    python tests/benchmarks/first_step.py

Each training is a process of its own, with and without in turns; medians of the processor's seconds, which a
busy machine changes less than those of the clock.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from own_process import in_own_process

BATCH = 32
STEPS = 12
OUTPUTS = 10
SIZE = 64
"""Pixels of a side of the images."""

WAYS = ("without", "Grad Health", "TensorBoard callback, histogram_freq=1", "Debugger V2, FULL_HEALTH")


def dense(depth: int) -> Any:
    """A network of ``depth`` dense layers of 64."""
    import keras
    from keras import layers

    hidden = [layers.Dense(64, "relu") for _ in range(depth - 1)]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(OUTPUTS)])


def application(name: str) -> Any:
    """One of Keras's own networks, untrained."""
    import keras

    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(SIZE, SIZE, 3), classes=OUTPUTS, classifier_activation=None)


def transformer(depth: int) -> Any:
    """``depth`` blocks of attention and two dense layers on 32 positions of 64 numbers."""
    import keras
    from keras import layers

    given = values = keras.Input((32, 64))
    for _ in range(depth):
        normed = layers.LayerNormalization()(values)
        values = layers.Add()([values, layers.MultiHeadAttention(4, 16)(normed, normed)])
        inner = layers.Dense(256, "gelu")(layers.LayerNormalization()(values))
        values = layers.Add()([values, layers.Dense(64)(inner)])
    return keras.Model(given, layers.Dense(OUTPUTS)(layers.GlobalAveragePooling1D()(values)))


NETWORKS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "5 dense layers of 64": (dense, 5),
    "50 dense layers of 64": (dense, 50),
    "200 dense layers of 64": (dense, 200),
    "transformer, 12 blocks": (transformer, 12),
    "EfficientNetB0, 64 x 64": (application, "EfficientNetB0"),
    "ResNet50, 64 x 64": (application, "ResNet50"),
}


def trained(name: str, compiled: bool, way: str) -> tuple[float, float, float, float]:
    """What a training took: seconds of its first step, graph bytes, functions, MiB."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    import tb_gradhealth as gradhealth

    folder = tempfile.mkdtemp()
    if way == WAYS[3]:
        tf.debugging.experimental.enable_dump_debug_info(folder, tensor_debug_mode="FULL_HEALTH")
    callbacks = {
        WAYS[1]: lambda: [gradhealth.KerasCallback(folder)],
        WAYS[2]: lambda: [keras.callbacks.TensorBoard(folder, histogram_freq=1)],
    }.get(way, list)()
    make, argument = NETWORKS[name]
    keras.utils.set_random_seed(0)
    model = make(argument)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=compiled)
    random = np.random.default_rng(0)
    inputs = random.standard_normal((BATCH * STEPS, *model.input_shape[1:]), np.float32)
    first = _First(begun=_processor_seconds())

    class Noted(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            first.end(model)

    model.fit(inputs, random.integers(0, OUTPUTS, BATCH * STEPS), BATCH, 1, 0, [*callbacks, Noted()])
    with open("/proc/self/statm") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return first.seconds, first.graph_bytes, first.functions, resident


class _First:
    """The first step of a training, as soon as it has ended."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self.seconds = 0.0
        self.graph_bytes = self.functions = 0

    def end(self, model: Any) -> None:
        if self.seconds:
            return
        self.seconds = _processor_seconds() - self._begun
        # Keras has no public place for the graph of a step.
        function = getattr(model.train_function, "function", model.train_function)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
        (concrete,) = cells["multi_step_on_iterator"].cell_contents._list_all_concrete_functions()
        graph = concrete.graph.as_graph_def()
        self.graph_bytes, self.functions = graph.ByteSize(), len(graph.library.function)


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is trained (default: 3)")
    parser.add_argument("--network", action="append", choices=list(NETWORKS), help="only this; repeatable")
    parser.add_argument("--ours", action="store_true", help="only with and without Grad Health")
    arguments = parser.parse_args()
    ways = WAYS[: 2 if arguments.ours else None]
    print(
        "| network | compiled | measured by | first step | ratio | graph | ratio | functions | added memory |"
    )
    print("|---|---|---|--:|--:|--:|--:|--:|--:|", flush=True)
    for name in arguments.network or NETWORKS:
        for compiled in (False, True):
            results: dict[str, list[tuple[float, float, float, float]]] = {way: [] for way in ways}
            for _ in range(arguments.rounds):
                for way in ways:
                    if not (compiled and way == WAYS[3]):  # it does not run under XLA
                        results[way].append(in_own_process(trained, name, compiled, way))
            middle = {
                way: [statistics.median(column) for column in zip(*found, strict=True)]
                for way, found in results.items()
                if found
            }
            base = middle[WAYS[0]]
            for way, (seconds, size, functions, memory) in middle.items():
                print(
                    f"| {name} | {'yes' if compiled else 'no'} | {way} | {seconds:.1f} s "
                    f"| {seconds / base[0]:.2f} | {size / 1e6:.2f} MB | {size / base[1]:.1f} "
                    f"| {functions:.0f} | {memory - base[3]:.0f} MiB |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
