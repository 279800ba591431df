"""A training step that XLA compiles, and what is to be observed of it handed out.

XLA takes some ten milliseconds for each operation of its own kind: to compile what a recorder computes took
longer than to compile the step. So only the step is compiled, and gives its tensors as further results.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import MEASURED_OF
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.network.selection import BATCHES, Selection

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
        given = iter(values)
        selection = self._selection
        tensors = [
            _outside(selection, index, given) if value is not None else None
            for index, value in enumerate(selection.values)
        ]
        targets = [each.of(parts) for each, parts in zip(selection.constant, constant, strict=True)]
        return logs, replace(selection, values=tuple(tensors), constant=tuple(targets))

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _handed_out(self, *args: Any, **kwargs: Any) -> tuple[Any, list[Any], list[list[Any]]]:
        logs, self._selection = self._step(*args, **kwargs)
        if self._selection is None:
            return logs, [], []
        values = [
            first_samples(value, MEASURED_OF) if row.kind in BATCHES else value
            for index, (row, value) in enumerate(
                zip(self._selection.rows, self._selection.values, strict=True)
            )
            if value is not None and index not in self._selection.variables
        ]
        return logs, values, [each.tensors for each in self._selection.constant]


def _outside(selection: Selection, index: int, given: Any) -> Any:
    variable = selection.variables.get(index)
    return next(given) if variable is None else tf.convert_to_tensor(variable)
