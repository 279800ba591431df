"""Observes the end of each backward pass, when the gradients are those of the loss and nothing else.

Any later moment is too late: clipping changes them, and `zero_grad` frees them. The hook of a parameter is
called before `DistributedDataParallel` and FSDP have exchanged the gradients, so it asks the autograd engine
to call back when the whole pass has ended.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final
from weakref import ref

import torch
from torch import nn
from torch.nn.parameter import is_lazy

NO_PASS: Final = -1
"""The number of the backward pass that is running, if none is."""


class Backward:
    """The hooks of a model's parameters."""

    def __init__(self, parameters: Sequence[nn.Parameter], ended: Callable[[], None]) -> None:
        """Register the hooks.

        Args:
            parameters: of the model; those that are frozen or lazy get their hook when they are not any more.
            ended: called at the end of each backward pass that reaches one of the parameters.
        """
        self._ended = ended
        self._parameters = list(parameters)
        self._handles: dict[int, Any] = {}
        self._pass = NO_PASS
        # A parameter holds its hooks where Python's garbage collection does not see them.
        own = ref(self)

        def reached(parameter: torch.Tensor) -> None:
            hooks = own()
            if hooks is not None:
                hooks._reached()

        self._hook = reached
        self.listen()

    def listen(self, indices: Collection[int] | None = None) -> None:
        """From now on have hooks on these parameters only; on all that are not frozen by default.

        Args:
            indices: of the parameters.
        """
        for index in [each for each in self._handles if indices is not None and each not in indices]:
            self._handles.pop(index).remove()
        for index in range(len(self._parameters)) if indices is None else indices:
            parameter: Any = self._parameters[index]
            if index not in self._handles and _is_ready(parameter):
                self._handles[index] = parameter.register_post_accumulate_grad_hook(self._hook)

    def close(self) -> None:
        """Remove the hooks."""
        self.listen(())
        self._parameters.clear()

    def _reached(self) -> None:
        current = torch._C._current_graph_task_id()
        if current != self._pass:
            self._pass = current
            # Called back once, and again after the callbacks that were queued in the meantime: those of
            # DistributedDataParallel wait for the exchange.
            engine = torch.autograd.Variable._execution_engine
            engine.queue_callback(lambda: engine.queue_callback(self._ended))


def _is_ready(parameter: torch.Tensor) -> bool:
    """Whether a parameter can have a hook: it is not frozen, and not without a shape as in a lazy module."""
    lazy: bool = is_lazy(parameter)
    return parameter.requires_grad and not lazy
