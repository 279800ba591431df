"""What the training reports at the end of its epochs: means, while records hold single batches."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.record import Epoch

ACCURACIES: Final = frozenset(
    {"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}
)
"""Metrics that are the share of correctly classified samples."""

AREAS: Final = frozenset({"auc", "roc_auc"})
"""Metrics that are 0.5 for a constant prediction and 1 for a perfect one."""

USED: Final = ACCURACIES | AREAS | {"loss"}
"""The values of an epoch that are stored."""

FALLS_BY: Final = 0.01
"""Share by which the last quarter of the epochs must lower the loss for it to fall still."""

MAXIMUM_EPOCHS: Final = 1 << 12
"""Epochs in memory; beyond, every second one is dropped, except the first and the last."""


@dataclass(frozen=True)
class EpochTrend:
    """The epochs known at some steps; arrays of shape [records].

    Attributes:
        count: number of epochs with a loss, int64.
        first: loss of the first epoch, NaN without one.
        last: loss of the newest epoch, likewise.
        best: the lowest loss so far, likewise.
        before: loss of the epoch at three quarters of the epochs so far, likewise.
        accuracy: the newest accuracy, NaN where none is reported.
        area: the newest area under the ROC curve, likewise.
    """

    count: Ints
    first: Floats
    last: Floats
    best: Floats
    before: Floats
    accuracy: Floats
    area: Floats

    def where(self, records: Mask) -> "EpochTrend":
        """The trend with nothing known at the records outside of a mask, [records]."""
        if records.all():
            return self
        numbers = {name: np.where(records, values, np.nan) for name, values in vars(self).items()}
        return EpochTrend(**{**numbers, "count": np.where(records, self.count, 0)})

    @property
    def gain(self) -> Floats:
        """Share of the first epoch's loss by which the loss has fallen; NaN below two epochs."""
        gain = (self.first - self.last) / np.maximum(np.abs(self.first), 1e-12)
        return np.where(self.count >= 2, gain, np.nan)

    @property
    def falls(self) -> Mask:
        """Whether the newest epoch is near the best, and the last quarter of the epochs lowered the loss."""
        recent = (self.before - self.last) / np.maximum(np.abs(self.before), 1e-12)
        return np.asarray(self.at_best & (recent >= FALLS_BY))

    @property
    def at_best(self) -> Mask:
        """Whether the newest of two or more epochs is within a tenth of the best."""
        near = self.last - self.best <= 0.1 * np.abs(self.best)
        return np.asarray((self.count >= 2) & near)


class EpochLog:
    """The epochs of one history, in bounded memory."""

    def __init__(self) -> None:
        self._epochs: list[Epoch] = []
        self._halved = False
        self._numbers: Floats | None = None

    def add(self, epoch: Epoch) -> None:
        """Add an epoch; one that goes back in steps replaces what it overtakes."""
        self.forget_from(epoch.step)
        used = {name: value for name, value in epoch.values.items() if name in USED}
        self._epochs.append(replace(epoch, values=used))
        if len(self._epochs) > MAXIMUM_EPOCHS:
            self._epochs = [*self._epochs[:-1:2], self._epochs[-1]]
            self._halved = True
        self._numbers = None

    def forget_from(self, step: int) -> None:
        """Drop the epochs that end at this step or later, because the training went back before it."""
        while self._epochs and self._epochs[-1].step >= step:
            self._epochs.pop()
            self._numbers = None

    @property
    def contents(self) -> tuple[Epoch, ...]:
        """The epochs in memory, in order."""
        return tuple(self._epochs)

    @property
    def last_step(self) -> int | None:
        """The last step of the newest epoch, None without one."""
        return self._epochs[-1].step if self._epochs else None

    def done(self, steps: Ints, first_step: int) -> Floats:
        """Number of epochs done at some steps, with a fraction within an epoch, float64 [steps].

        NaN after the last end, whose epoch's length is not known; everywhere without an epoch, and where so
        many were recorded that they cannot be counted any more.

        Args:
            steps: int64 [steps], ascending.
            first_step: the step at which the first epoch began.
        """
        ends = [first_step, *(epoch.step for epoch in self._epochs if epoch.step > first_step)]
        if len(ends) < 2 or self._halved:
            return np.full(steps.size, np.nan)
        return np.interp(steps, ends, np.arange(len(ends)), right=np.nan)

    def before(self, steps: Ints) -> EpochTrend:
        """The trend as known at some records: of the epochs that ended before each step.

        Args:
            steps: int64 [records], ascending.
        """
        if not self._epochs:
            unknown = np.full(steps.size, np.nan)
            return EpochTrend(np.zeros(steps.size, np.int64), *(unknown,) * 6)
        if self._numbers is None:
            self._numbers = np.array([_numbers(epoch) for epoch in self._epochs]).T
        ended, loss, accuracy, area = self._numbers
        known = np.searchsorted(ended, steps, "left")
        finite = np.isfinite(loss)
        first = np.full(ended.size, np.nan)
        if finite.any():
            start = int(finite.argmax())
            first[start:] = loss[start]
        return EpochTrend(
            count=_at(finite.cumsum(), known, 0).astype(np.int64),
            first=_at(first, known),
            last=_at(loss, known),
            best=_at(np.fmin.accumulate(np.where(finite, loss, np.nan)), known),
            before=_at(loss, np.minimum(3 * known // 4, known - 1).clip(0)),
            accuracy=_at(accuracy, known),
            area=_at(area, known),
        )

    def all(self) -> EpochTrend:
        """The trend of all epochs, arrays of shape [1]."""
        return self.before(np.array([np.iinfo(np.int64).max]))


def _numbers(epoch: Epoch) -> tuple[float, float, float, float]:
    """An epoch's last step, loss, accuracy and area; NaN for values it does not report."""
    loss = epoch.values.get("loss", np.nan)
    return float(epoch.step), loss, _first_of(epoch, ACCURACIES), _first_of(epoch, AREAS)


def _at(values: Floats | Ints, known: Ints, absent: float = np.nan) -> Floats:
    """The value after a number of epochs, [records]."""
    return np.concatenate([[absent], np.asarray(values, np.float64)])[known]


def _first_of(epoch: Epoch, names: frozenset[str]) -> float:
    return next((value for name, value in epoch.values.items() if name in names), np.nan)
