"""The losses of a training step that computes its own: taken from what it returns."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.activations import replaced

MAIN: Final = "loss"

Logs = Any
"""What a training step returns: a mapping of names to numbers, one number, or anything else."""


class BatchValues:
    """What a step gave its `keras.metrics.Mean`, by what they said next.

    A step usually returns the mean of its losses since the epoch began. A record is of one step, so it holds
    what this step has added.
    """

    def __init__(self) -> None:
        self._given: dict[int, list[Any]] = {}
        self._said: list[tuple[Any, int]] = []

    def behind(self, value: Any) -> Any:
        """This step's own number where ``value`` is a running mean of such; else ``value``."""
        for said, metric in self._said:
            given = self._given.get(metric)
            if said is value and given:
                return tf.add_n(given) / len(given)
        return value

    def wrappers(self, metric: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
        """What to replace of a metric: attribute and wrapper."""
        update, result = metric.update_state, metric.result

        def noting_update(values: Any, *args: Any, **kwargs: Any) -> Any:
            numbers = tf.cast(tf.convert_to_tensor(values), tf.float32)
            weighted = bool(args) or kwargs.get("sample_weight") is not None
            if not weighted or numbers.shape.rank == 0:
                self._given.setdefault(id(metric), []).append(tf.reduce_mean(numbers))
            return update(values, *args, **kwargs)

        def noting_result(*args: Any, **kwargs: Any) -> Any:
            said = result(*args, **kwargs)
            self._said.append((said, id(metric)))
            return said

        yield "update_state", noting_update
        yield "result", noting_result


@contextmanager
def batch_values(model: Any) -> Iterator[BatchValues]:
    """Note what the model's means are given while the block runs."""
    values = BatchValues()
    with ExitStack() as wrapped:
        for metric in model.metrics:
            if type(metric) is keras.metrics.Mean:
                for name, wrapper in values.wrappers(metric):
                    wrapped.enter_context(replaced(metric, name, wrapper))
        yield values


def returned_losses(logs: Logs) -> dict[str, Any]:
    """The losses among what a step returns, by name; the main one, or the only one, is ``"loss"``.

    A number that stands alone is the loss. Of a mapping it is the entry ``"loss"``; without one, every entry
    whose name ends with it (``"d_loss"``, ``"g_loss"``).
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
