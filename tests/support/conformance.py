"""The same tensors, and the same training, through the adapter of each framework that is installed."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
from conformance_case import INDICES, ROWS, SUMMED, Batches, Network, Tensors

__all__ = ["INDICES", "ROLES", "ROWS", "SPARSE", "SUMMED", "TENSORS", "TRAININGS", "Network"]

ADAPTERS: dict[str, ModuleType] = {
    framework: import_module(f"conformance_{framework}")
    for framework in ("tensorflow", "torch", "jax")
    if find_spec(framework) is not None
}

TENSORS: dict[str, Callable[[Path, Tensors, Tensors, Tensors], None]] = {
    framework: adapter.tensors for framework, adapter in ADAPTERS.items()
}
"""Record one step with these gradients, weights and layers' outputs."""

SPARSE: dict[str, Callable[[Path, np.ndarray], str]] = {
    framework: adapter.sparse for framework, adapter in ADAPTERS.items() if hasattr(adapter, "sparse")
}
"""Record one step with the sparse gradient of this table, and return the table's name."""

ROLES: dict[str, Callable[[Path], None]] = {
    framework: adapter.roles for framework, adapter in ADAPTERS.items()
}
"""Record one step of a model with a parameter of each role."""

TRAININGS: dict[str, Callable[[Path, Network, Batches, float], None]] = {
    framework: adapter.train for framework, adapter in ADAPTERS.items()
}
"""Train this network by SGD with the mean cross-entropy."""
