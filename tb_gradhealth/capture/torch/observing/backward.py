"""Observes the end of each backward pass, when the gradients are those of the loss and nothing else.

Any later moment is too late: clipping changes them, and `zero_grad` frees them. The hook of a parameter is
called before `DistributedDataParallel` and FSDP have exchanged the gradients, so it asks the autograd engine
to call back when the whole pass has ended.
"""

from collections.abc import Callable, Sequence
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
        self._frozen = list(parameters)
        self._handles: list[Any] = []
        self._pass = NO_PASS
        self.watch_unfrozen()

    def watch_unfrozen(self) -> None:
        """Register the hooks of parameters that are no longer frozen."""
        if not self._frozen:
            return
        ready = [parameter for parameter in self._frozen if _is_ready(parameter)]
        if ready:
            # A parameter holds its hooks where Python's garbage collection does not see them.
            own = ref(self)

            def reached(parameter: torch.Tensor) -> None:
                hooks = own()
                if hooks is not None:
                    hooks._reached()

            self._frozen = [parameter for parameter in self._frozen if not _is_ready(parameter)]
            for parameter in ready:
                hooked: Any = parameter
                self._handles.append(hooked.register_post_accumulate_grad_hook(reached))

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._frozen.clear()

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
