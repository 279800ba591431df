"""The losses of a training step that computes its own loss, taken from its return value."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.activations import replaced

MAIN: Final = "loss"

Logs = Any
"""The return value of a training step: a mapping of names to numbers, one number, or anything else."""


class MeanUpdates:
    """The values with which one step updates its `keras.metrics.Mean`, by the metrics' results.

    A step usually returns the mean of its losses since the begin of the epoch. A record describes one step,
    so it contains the value of this step.
    """

    def __init__(self) -> None:
        self._updates: dict[int, list[Any]] = {}
        self._results: list[tuple[Any, int]] = []

    def of_this_step(self, value: Any) -> Any:
        """The value of this step if ``value`` is a running mean; else ``value``."""
        for result, metric in self._results:
            updates = self._updates.get(metric)
            if result is value and updates:
                return tf.add_n(updates) / len(updates)
        return value

    def wrappers(self, metric: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
        """The attributes of a metric to replace, and their wrappers."""
        update, result = metric.update_state, metric.result

        def observed_update(values: Any, *args: Any, **kwargs: Any) -> Any:
            numbers = tf.cast(tf.convert_to_tensor(values), tf.float32)
            weighted = bool(args) or kwargs.get("sample_weight") is not None
            if not weighted or numbers.shape.rank == 0:
                self._updates.setdefault(id(metric), []).append(tf.reduce_mean(numbers))
            return update(values, *args, **kwargs)

        def observed_result(*args: Any, **kwargs: Any) -> Any:
            returned = result(*args, **kwargs)
            self._results.append((returned, id(metric)))
            return returned

        yield "update_state", observed_update
        yield "result", observed_result


@contextmanager
def mean_updates(model: Any) -> Iterator[MeanUpdates]:
    """Collect the updates of the model's means while the block runs."""
    values = MeanUpdates()
    with ExitStack() as wrapped:
        for metric in model.metrics:
            if type(metric) is keras.metrics.Mean:
                for name, wrapper in values.wrappers(metric):
                    wrapped.enter_context(replaced(metric, name, wrapper))
        yield values


def returned_losses(logs: Logs) -> dict[str, Any]:
    """The losses in the return value of a step, by name; the main or only one is ``"loss"``.

    A single number is the loss. Of a mapping the loss is the entry ``"loss"``; without it, every entry whose
    name ends with ``loss`` (``"d_loss"``, ``"g_loss"``) is one.
    """
    if _is_number(logs):
        return {MAIN: logs}
    if not isinstance(logs, Mapping):
        return {}
    losses = {
        name: value
        for name, value in logs.items()
        if isinstance(name, str) and name.lower().endswith(MAIN) and _is_number(value)
    }
    if MAIN in losses:
        return {MAIN: losses[MAIN]}
    return dict(zip([MAIN], losses.values(), strict=True)) if len(losses) == 1 else losses


def _is_number(value: Any) -> bool:
    if isinstance(value, tf.Tensor):
        return bool(value.dtype.is_floating or value.dtype.is_integer)
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
