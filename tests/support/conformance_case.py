"""The tensors and the network that every framework's adapter gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

Tensors = Mapping[str, np.ndarray]
Batches = Sequence[tuple[np.ndarray, np.ndarray]]

# A sparse gradient: rows and their positions in the table.
ROWS = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.0]], np.float32)
INDICES = np.array([4, 1, 4])
SUMMED = np.array([ROWS[1], ROWS[0] + ROWS[2]])


@dataclass
class Network:
    """A dense network with initial weights; its layers are ``dense_0``, ``dense_1``...

    Attributes:
        activation: ``"relu"``, ``"tanh"`` or ``"sigmoid"``, of all layers but the last.
        layers: kernel [inputs, outputs] and bias of each layer.
    """

    activation: str
    layers: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    @classmethod
    def of(cls, activation: str, sizes: Sequence[int], seed: int = 2) -> "Network":
        """A network with random kernels of the usual size."""
        random = np.random.default_rng(seed)
        gain = 2 if activation == "relu" else 1
        made = [
            (
                (random.normal(size=[before, after]) * np.sqrt(gain / before)).astype(np.float32),
                np.zeros([after], np.float32),
            )
            for before, after in pairwise(sizes)
        ]
        return cls(activation, made)
