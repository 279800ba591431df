"""Batches of real handwritten digits, in NumPy: 1,797 images of 8 × 8 pixels that scikit-learn ships."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

BATCH = 32
CLASSES = 10
PIXELS = 64


def batches(steps: int, seed: int = 0) -> Iterator[tuple[Any, Any]]:
    """``steps`` batches of images, float32 [32, 64] from 0 to 1, and their digits, int32 [32]."""
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = random.integers(0, len(images), BATCH)
        yield (images[chosen] / 16).astype(np.float32), labels[chosen].astype(np.int32)


def main(train: Callable[..., None]) -> None:
    """Train into the directory that the command line names."""
    train(Path(sys.argv[1] if len(sys.argv) > 1 else "logs/jax"))
