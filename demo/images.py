"""Real handwritten digits: 1,797 images of 8 × 8 pixels that scikit-learn ships (UCI, E. Alpaydin, 1998)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Spoil = Callable[[Floats], Floats]

BATCH = 32


def digits() -> tuple[Floats, Labels]:
    """All images, float32 of shape [1797, 8, 8, 1] from 0 to 1, and their digits, int64 of shape [1797]."""
    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32).reshape(-1, 8, 8, 1), labels.astype(np.int64)


def batches(steps: int, *, spoil: Spoil | None = None, at: int = -1, seed: int = 0) -> tuple[Floats, Labels]:
    """``steps`` batches of random images; ``spoil`` changes the one at step ``at``.

    Returns:
        Images, float32 of shape [steps, BATCH, 8, 8, 1], and their digits, int64 of shape [steps, BATCH].
    """
    images, labels = digits()
    random = np.random.default_rng(seed)
    chosen = random.integers(0, len(images), (steps, BATCH))
    drawn = images[chosen]
    if spoil is not None:
        drawn[at] = spoil(drawn[at])
    return drawn, labels[chosen]
