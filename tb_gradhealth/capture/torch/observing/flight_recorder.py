"""The flight recorder: the step statistics of the newest steps, on the device, and the limits of a trip."""

import math
from typing import Final

import numpy as np
import torch

from tb_gradhealth.capture.statistics.arrays import Floats, Ints
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT
from tb_gradhealth.capture.statistics.watched_steps import MAX_SIZE, MIN_SIZE

HOST: Final = ("cpu",)
"""Types of devices whose memory the host reads without waiting for operations that were started before."""


class FlightRecorder:
    """A ring buffer of the newest watched steps.

    The host reads whether a step has tripped from its own memory, into which the device copies it: on a CPU
    this is the step itself, on an accelerator the host sees it some steps later and never waits for it.

    Attributes:
        numbers: numbers of the steps in the buffer, counted from 1, int64 [size]; 0 marks an unused slot.
    """

    def __init__(self, rows: int, every: int, device: torch.device) -> None:
        size = max(2 * every, MIN_SIZE)
        self._steps = torch.zeros([size, rows], device=device)
        self.numbers = np.zeros([size], np.int64)
        self._watched_count = 0
        self._is_on_host = device.type in HOST
        self._limits = torch.full([rows], float(NO_LIMIT), device=device)
        self._tripped = torch.zeros([], dtype=torch.bool, device=device)
        self._on_host = torch.zeros([], dtype=torch.bool, pin_memory=device.type == "cuda")
        self._seen = self._on_host.numpy()

    @property
    def has_tripped(self) -> bool:
        """Whether the host has seen a trip since `reset`."""
        return bool(self._seen)

    def check(self, statistics: torch.Tensor, begin: int, end: int) -> None:
        """Note a trip if one of the statistics, those of the rows from begin to end, is NaN or too large."""
        limits = self._limits[begin:end]
        if self._is_on_host and bool((statistics <= limits).all()):
            return  # as in almost every step
        sizes = torch.nan_to_num(statistics, nan=torch.inf, posinf=torch.inf)
        self._note((sizes <= limits).all())

    def check_finite(self, value: torch.Tensor) -> None:
        """Note a trip if an element of a tensor on any device is not finite."""
        if value.device.type in HOST and value.numel() == 1 and math.isfinite(value.item()):
            return
        self._note(torch.isfinite(value).all().to(self._tripped.device, non_blocking=True))

    def _note(self, usual: torch.Tensor) -> None:
        """Note a trip unless ``usual``, a bool scalar on the device, is true."""
        self._tripped.logical_or_(usual.logical_not())
        self._on_host.copy_(self._tripped, non_blocking=True)

    def reset(self) -> None:
        """Forget the trips so far."""
        self._tripped.zero_()
        self._seen[...] = False

    def add(self, statistics: torch.Tensor, number: int) -> None:
        """Add the statistics of a step, float32 [rows]."""
        slot = self._watched_count % len(self.numbers)
        self._steps[slot].copy_(statistics)
        self.numbers[slot] = number
        self._watched_count += 1

    def read(self) -> Floats:
        """All slots of the buffer, float32 [size, rows]; the host waits for it."""
        return np.array(self._steps.cpu().numpy())

    def set_limits(self, limits: Floats) -> None:
        """Set the limit of each row, float32 [rows]."""
        self._limits.copy_(torch.from_numpy(limits))

    def grow(self, size: int) -> None:
        """Grow the buffer to ``size`` steps, at most `MAX_SIZE`."""
        new_size = min(size, MAX_SIZE)
        if new_size <= len(self.numbers):
            return
        order = np.argsort(self.numbers)[np.count_nonzero(self.numbers == 0) :]
        steps = torch.zeros([new_size, self._steps.shape[1]], device=self._steps.device)
        steps[: order.size] = self._steps[torch.from_numpy(order).to(steps.device)]
        self._steps = steps
        self.numbers = np.pad(self.numbers[order], [0, new_size - order.size])
        self._watched_count = order.size

    def since(self, number: int) -> tuple[Floats, Ints]:
        """The steps after ``number`` that are in the buffer, in order, and their numbers."""
        order = np.argsort(self.numbers)
        order = order[self.numbers[order] > number]
        return np.asarray(self.read()[order]), np.asarray(self.numbers[order])
