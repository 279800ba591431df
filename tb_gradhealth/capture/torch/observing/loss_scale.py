"""Which `GradScaler` a training uses: its scale is needed for the gradients, and it may skip a step.

A scaler has no hooks, and a step that it skips calls no optimizer. While a watcher is open, the class's
methods `scale` and `step` are therefore wrapped; they work as before.
"""

import functools
import threading
from typing import Any
from weakref import ref

import torch
from torch.amp import GradScaler
from torch.optim import Optimizer

_lock = threading.Lock()
_open: "list[LossScale]" = []
_originals: dict[str, Any] = {}


class LossScale:
    """The scaler of the training, as one watcher sees it.

    Attributes:
        attempted: whether a scaler was to step one of the watcher's optimizers since `begin_step`, whether it
            skipped the step or not.
    """

    def __init__(self) -> None:
        self._optimizers: set[int] = set()
        self._scaler: ref[GradScaler] | None = None
        self.attempted = False

    def open(self, optimizers: set[int]) -> None:
        """Begin to observe; ``optimizers`` has the `id` of each optimizer that the watcher follows."""
        self._optimizers = optimizers
        with _lock:
            if not _open:
                _wrap()
            _open.append(self)

    @property
    def scale(self) -> torch.Tensor | None:
        """The current scale, a scalar on its device; None if no scaler is in use."""
        scaler = self._scaler() if self._scaler is not None else None
        return scaler._scale if scaler is not None and scaler.is_enabled() else None

    def begin_step(self) -> None:
        """Forget the attempt of the last step."""
        self.attempted = False

    def close(self) -> None:
        """End observing; the last one restores the class."""
        with _lock:
            if self in _open:
                _open.remove(self)
                if not _open:
                    _restore()

    def _scaled(self, scaler: GradScaler) -> None:
        self._scaler = ref(scaler)

    def _stepped(self, optimizer: Optimizer) -> None:
        self.attempted |= id(optimizer) in self._optimizers


def _wrap() -> None:
    original_scale, original_step = GradScaler.scale, GradScaler.step
    _originals.update(scale=original_scale, step=original_step)

    @functools.wraps(original_scale)
    def scale(self: GradScaler, outputs: Any) -> Any:
        for watcher in tuple(_open):
            watcher._scaled(self)
        return original_scale(self, outputs)

    @functools.wraps(original_step)
    def step(self: GradScaler, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for watcher in tuple(_open):
            watcher._stepped(optimizer)
        return original_step(self, optimizer, *args, **kwargs)

    GradScaler.scale, GradScaler.step = scale, step  # type: ignore[method-assign]


def _restore() -> None:
    for name, method in _originals.items():
        setattr(GradScaler, name, method)
    _originals.clear()
