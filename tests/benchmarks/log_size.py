"""Bytes of a run's log, against a histogram summary of everything it tells of, at the same cadence.

python tests/benchmarks/log_size.py
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

STEPS = 1000
EVERY = 10


def size(folder: Path) -> int:
    """Bytes of all files below the folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Print the table."""
    import keras
    import tensorflow as tf

    import tb_gradhealth as gradhealth

    model = keras.Sequential(
        [keras.Input((64,)), *(keras.layers.Dense(64, "relu") for _ in range(20)), keras.layers.Dense(10)]
    )
    variables = model.trainable_variables
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        ours, histograms = Path(folder, "ours"), Path(folder, "histograms")
        writer = tf.summary.create_file_writer(str(histograms))
        with gradhealth.Recorder(ours, every=EVERY) as recorder:
            for step in range(STEPS):
                inputs = random.standard_normal((32, 64), np.float32)
                with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
                    loss = loss_of(random.integers(0, 10, 32), model(inputs))
                gradients = tape.gradient(loss, variables)
                recorder.observe(zip(gradients, variables, strict=True), activations=activations, loss=loss)
                recorder.write(step)
                if step % EVERY == 0:
                    with writer.as_default(step=step):
                        _write_histograms(gradients, variables, activations)
        writer.close()
        sizes = size(ours), size(histograms)
    print("| written | bytes |\n|---|--:|")
    print(f"| histograms of gradients, weights and activations | {sizes[1]:,} |")
    print(f"| Grad Health: those, updates, loss and the last 64 steps | {sizes[0]:,} |")
    print(f"| ratio | 1 / {sizes[1] / sizes[0]:.1f} |")


def _write_histograms(gradients: Any, variables: Any, activations: Any) -> None:
    import tensorflow as tf

    for gradient, variable in zip(gradients, variables, strict=True):
        tf.summary.histogram(f"gradient/{variable.path}", gradient)
        tf.summary.histogram(f"weight/{variable.path}", variable)
    for call in activations.calls:
        tf.summary.histogram(f"activation/{call.name}", call.tensor)


if __name__ == "__main__":
    main()
