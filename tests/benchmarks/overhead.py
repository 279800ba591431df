"""What watching costs a training step, against other ways of looking into a network.

    python tests/benchmarks/overhead.py

Steps with and without are run in turn, in one process, on the same batch; medians. Debugger V2 changes
all of a process, so its steps are compared with those of a process without it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from own_process import in_own_process

EVERY = 10
STEPS = 200
WARM_UP = 2 * EVERY


def networks() -> dict[str, Callable[[], Any]]:
    """Networks by name; each call makes the same one."""
    import keras
    from keras import layers

    def dense() -> Any:
        return keras.Sequential(
            [keras.Input((64,)), *(layers.Dense(32, "relu") for _ in range(4)), layers.Dense(10)]
        )

    def small_convolutional() -> Any:
        return keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(10),
            ]
        )

    def convolutional() -> Any:
        return keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Conv2D(32, 3, activation="relu", padding="same"),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu", padding="same"),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(128, "relu"),
                layers.Dense(10),
            ]
        )

    return {
        "4 convolutions, 32 x 32": convolutional,
        "2 convolutions, 28 x 28": small_convolutional,
        "5 dense layers of 32": dense,
    }


class Training:
    """A network in training, one step at a time, as `fit` runs it."""

    def __init__(self, make: Callable[[], Any], *callbacks: Any) -> None:
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(0)
        self._model = make()
        self._model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        random = np.random.default_rng(0)
        inputs = random.standard_normal((64, *self._model.input_shape[1:]), np.float32)
        batch = tf.data.Dataset.from_tensors((inputs, random.integers(0, 10, 64)))
        self._batches = iter(batch.cache().repeat())
        self._callbacks = keras.callbacks.CallbackList(callbacks, model=self._model)
        self._callbacks.on_train_begin()
        self._callbacks.on_epoch_begin(0)
        self._model.make_train_function()

    def step(self, number: int) -> float:
        """Run a step; its seconds, with everything the callbacks do after it."""
        self._callbacks.on_train_batch_begin(number)
        begin = time.perf_counter()
        logs = self._model.train_function(self._batches)
        float(logs["loss"])
        self._callbacks.on_train_batch_end(number, logs)
        return time.perf_counter() - begin

    def end_epoch(self) -> float:
        """End the epoch; its seconds."""
        begin = time.perf_counter()
        self._callbacks.on_epoch_end(0, {"loss": 0.0})
        return time.perf_counter() - begin


def histograms_of_gradients(folder: str) -> Any:
    """A callback that writes a histogram of each gradient at the same cadence, inside the step."""
    import keras
    import tensorflow as tf

    class Histograms(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            writer, optimizer = tf.summary.create_file_writer(folder), self.model.optimizer
            apply = optimizer.apply

            def writing_apply(grads: Any, trainable_variables: Any = None) -> Any:
                step = tf.cast(optimizer.iterations.value, tf.int64)
                with writer.as_default(step=step), tf.summary.record_if(tf.equal(step % EVERY, 0)):
                    for index, gradient in enumerate(grads):
                        tf.summary.histogram(f"gradient_{index}", gradient)
                return apply(grads, trainable_variables)

            object.__setattr__(optimizer, "apply", writing_apply)
            self.model.make_train_function(force=True)

    return Histograms()


def ways(folder: str, steps: int) -> dict[str, Any]:
    """Callbacks that look into a network, by name."""
    import keras

    import tb_gradhealth as gradhealth

    return {
        "Grad Health": gradhealth.KerasCallback(f"{folder}/usual"),
        "Grad Health, every=1": gradhealth.KerasCallback(f"{folder}/always", every=1),
        "tf.summary.histogram of each gradient": histograms_of_gradients(f"{folder}/histograms"),
        f"TensorBoard callback, histogram_freq=1, {steps} steps per epoch": keras.callbacks.TensorBoard(
            f"{folder}/keras", histogram_freq=1
        ),
    }


def compared(make: Callable[[], Any], *callbacks: Any, steps: int) -> tuple[float, float]:
    """Seconds of a step without, and how many more with the callbacks on average.

    The middle ones of the differences, in each place of the cadence, and what the end of the epoch
    takes, spread over its steps.
    """
    plain, watched = Training(make), Training(make, *callbacks)
    differences: list[list[float]] = [[] for _ in range(EVERY)]
    base = []
    for number in range(WARM_UP + steps):
        order = (plain, watched) if number % 2 else (watched, plain)
        seconds = {id(training): training.step(number) for training in order}
        if number >= WARM_UP:
            base.append(seconds[id(plain)])
            differences[number % EVERY].append(seconds[id(watched)] - seconds[id(plain)])
    more = statistics.mean(statistics.median(place) for place in differences)
    return statistics.median(base), more + (watched.end_epoch() - plain.end_epoch()) / steps


def step_seconds(name: str, debugged: bool, steps: int) -> float:
    """The seconds of a step, with or without Debugger V2."""
    import tensorflow as tf

    if debugged:
        folder = tempfile.mkdtemp()
        tf.debugging.experimental.enable_dump_debug_info(
            folder, tensor_debug_mode="FULL_HEALTH", circular_buffer_size=-1
        )
    training = Training(networks()[name])
    seconds = [training.step(number) for number in range(WARM_UP + steps)]
    return statistics.median(seconds[WARM_UP:])


def debugger(name: str, steps: int) -> tuple[float, float]:
    """Seconds of a step in a process of its own, and how many more with Debugger V2."""
    without, with_debugger = (
        in_own_process(step_seconds, name, debugged, steps) for debugged in (False, True)
    )
    return without, with_debugger - without


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each kind (default: 200)")
    steps = parser.parse_args().steps
    print("| network | measured by | step without | added per step, on average | ratio |")
    print("|---|---|--:|--:|--:|", flush=True)
    for name, make in networks().items():
        with tempfile.TemporaryDirectory() as folder:
            results = {
                way: compared(make, callback, steps=steps) for way, callback in ways(folder, steps).items()
            }
        results["Debugger V2, FULL_HEALTH"] = debugger(name, max(steps // 4, 10))
        for way, (base, more) in results.items():
            print(
                f"| {name} | {way} | {1000 * base:.1f} ms | {1000 * more:.2f} ms | {1 + more / base:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
