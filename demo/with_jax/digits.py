"""Batches of the demo's images as vectors, and the command line of the three small examples."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tb_gradhealth.demo import images

CLASSES = 10
PIXELS = 64


def batches(steps: int, seed: int = 0) -> Iterator[tuple[Any, Any]]:
    """``steps`` batches of images, float32 [32, 64] from 0 to 1, and their digits, int32 [32]."""
    for drawn, labels in zip(*images.batches(steps, seed=seed), strict=True):
        yield drawn.reshape(len(drawn), PIXELS), labels.astype(np.int32)


def main(train: Callable[..., None]) -> None:
    """Train into the directory that the command line names."""
    train(Path(sys.argv[1] if len(sys.argv) > 1 else "logs/jax"))
