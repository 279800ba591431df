"""Observes the steps of optimizers by their hooks."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import Optimizer


class OptimizerSteps:
    """The hooks of some optimizers.

    Attributes:
        stepped: whether one of them was stepped since `begin_step`.
        finished: the optimizers whose step has ended since then; not kept while `is_watched` is false.
        is_watched: whether the functions are called.
    """

    def __init__(
        self, optimizers: Sequence[Optimizer], before: Callable[[], None], after: Callable[[], None]
    ) -> None:
        """Register the hooks.

        Args:
            optimizers: the optimizers.
            before: called before the first step of an optimizer since `begin_step`.
            after: called after each step.
        """
        self.stepped = False
        self.finished: list[Optimizer] = []
        self.is_watched = True
        self._before, self._after = before, after
        self._handles: list[Any] = []
        # In a compiled step they interrupt the compiled graph.
        compiler: Any = torch.compiler
        begins, ended = compiler.disable(self._begins), compiler.disable(self._ended)
        for optimizer in optimizers:
            self._handles.append(optimizer.register_step_pre_hook(begins))
            self._handles.append(optimizer.register_step_post_hook(ended))

    def begin_step(self) -> None:
        """Forget the steps so far."""
        self.stepped = False
        self.finished.clear()

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _begins(self, *arguments: Any) -> None:
        if not self.stepped:
            self.stepped = True
            if self.is_watched:
                self._before()

    def _ended(self, optimizer: Optimizer, *arguments: Any) -> None:
        if self.is_watched:
            self._after()
            self.finished.append(optimizer)
