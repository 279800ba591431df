"""Compiles a training step with XLA, and returns the tensors to observe as additional results.

XLA takes about ten milliseconds to compile each kind of operation: compiling the operations of a recorder
took longer than compiling the step. So only the step is compiled.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.statistics.batch_sizes import MAX_MEASURED_ELEMENTS
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.selecting.selection import BATCHES, Selection

Step = Callable[..., tuple[Any, Selection | None]]


class CompiledStep:
    """Compiles a step; it is called like the step, in a function that is not compiled.

    Of layers' outputs, inputs and targets the compiled step returns only the samples that are measured.
    Weights are read after it.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        # Of the newest trace; other traces may have other shapes, but have the same rows.
        self._selection: Selection | None = None
        self._function = tf.function(self._traced_step, jit_compile=True, reduce_retracing=True)

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Selection | None]:
        """The step's return value, and its selection with tensors outside the compiled function."""
        logs, values, constant = self._function(*args, **kwargs)
        if self._selection is None:
            return logs, None
        selection = self._selection
        # The rows of a weight and its update share a variable.
        variables = {id(variable): variable for variable in selection.variables.values()}
        read = {key: tf.convert_to_tensor(variable) for key, variable in variables.items()}
        by_row = {
            **dict(zip(_computed_rows(selection), values, strict=True)),
            **{index: read[id(variable)] for index, variable in selection.variables.items()},
        }
        tensors = tuple(by_row.get(index) for index in range(len(selection.rows)))
        targets = [each.with_tensors(parts) for each, parts in zip(selection.constant, constant, strict=True)]
        return logs, replace(selection, values=tensors, constant=tuple(targets))

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _traced_step(self, *args: Any, **kwargs: Any) -> tuple[Any, list[Any], list[list[Any]]]:
        logs, self._selection = self._step(*args, **kwargs)
        if self._selection is None:
            return logs, [], []
        rows, values = self._selection.rows, self._selection.values
        results = [
            first_samples(values[index], MAX_MEASURED_ELEMENTS)
            if rows[index].kind in BATCHES
            else values[index]
            for index in _computed_rows(self._selection)
        ]
        return logs, results, [each.tensors for each in self._selection.constant]


def _computed_rows(selection: Selection) -> list[int]:
    """The measured rows whose tensors only the step has: all but the weights and their updates."""
    return [
        index
        for index, value in enumerate(selection.values)
        if value is not None and index not in selection.variables
    ]
