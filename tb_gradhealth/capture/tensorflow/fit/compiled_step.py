"""A training step that XLA compiles, and what is to be observed of it handed out.

XLA takes some ten milliseconds for each operation of its own kind: to compile what a recorder computes took
longer than to compile the step. So only the step is compiled, and gives its tensors as further results.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.sampling import MEASURED_OF, first_samples
from tb_gradhealth.capture.tensorflow.selecting.selection import BATCHES, Selection

Step = Callable[..., tuple[Any, Selection | None]]


class CompiledStep:
    """Compiles a step; called like it, in a function that is not compiled.

    Of layers' outputs, inputs and targets only the samples that are measured leave the compiled step, weights
    are read after it.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        # Of the newest trace. Another one may have other shapes, but not other rows.
        self._selection: Selection | None = None
        self._function = tf.function(self._handed_out, jit_compile=True, reduce_retracing=True)

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Selection | None]:
        """What the step gives, and what is to be observed of it, outside."""
        logs, values, constant = self._function(*args, **kwargs)
        if self._selection is None:
            return logs, None
        selection = self._selection
        # A weight's row and its update's share a variable.
        variables = {id(variable): variable for variable in selection.variables.values()}
        read = {key: tf.convert_to_tensor(variable) for key, variable in variables.items()}
        outside = {
            **dict(zip(_computed(selection), values, strict=True)),
            **{index: read[id(variable)] for index, variable in selection.variables.items()},
        }
        tensors = tuple(outside.get(index) for index in range(len(selection.rows)))
        targets = [each.of(parts) for each, parts in zip(selection.constant, constant, strict=True)]
        return logs, replace(selection, values=tensors, constant=tuple(targets))

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _handed_out(self, *args: Any, **kwargs: Any) -> tuple[Any, list[Any], list[list[Any]]]:
        logs, self._selection = self._step(*args, **kwargs)
        if self._selection is None:
            return logs, [], []
        rows, values = self._selection.rows, self._selection.values
        computed = [
            first_samples(values[index], MEASURED_OF) if rows[index].kind in BATCHES else values[index]
            for index in _computed(self._selection)
        ]
        return logs, computed, [each.tensors for each in self._selection.constant]


def _computed(selection: Selection) -> list[int]:
    """The measured rows that only the step knows: all but the weights and their updates."""
    return [
        index
        for index, value in enumerate(selection.values)
        if value is not None and index not in selection.variables
    ]
