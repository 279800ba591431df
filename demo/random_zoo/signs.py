"""The judged training: its measurements with derived values, and the sign of one symptom."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tb_gradhealth.demo.random_zoo.measurements import Measurements

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Answer = Literal["yes", "no", "unsure"]
Degree = Literal["certain", "possible", "absent"]

FLOAT32_MAXIMUM: Final = 3.4e38


@dataclass(frozen=True)
class Sign:
    """The truth about one symptom of one training.

    Attributes:
        degree: certain (it must be found), possible (grey) or absent (finding it is a false alarm).
        since: the step at which it began, where it is certain; that of a possible spike.
        evidence: the measured numbers, as text.
    """

    degree: Degree
    since: int = 0
    evidence: str = ""


@dataclass(frozen=True)
class JudgedTraining:
    """The measurements with values that all definitions use.

    Attributes:
        m: the measurements.
        end: number of steps before anything was not finite; only those are judged.
        learned: whether the training learned.
    """

    m: Measurements
    end: int
    learned: Answer

    @property
    def looks(self) -> Mask:
        """The looks before anything was not finite, [p]."""
        before = self.m.looked < self.end if self.end < self.m.steps else self.m.looked <= self.end
        return before & np.isfinite(self.m.sample_loss)

    @property
    def solved(self) -> Mask:
        """Looks at which nothing was left to learn, among those before anything was not finite."""
        return np.asarray(self.m.sample_loss[self.looks] < 1e-6)

    @property
    def matrices(self) -> npt.NDArray[np.intp]:
        """Indices of the connected weight matrices, input first, without embeddings."""
        each = enumerate(self.m.variables)
        return np.array([k for k, v in each if v.matrix and v.connected and not v.embedding], np.intp)

    @property
    def hidden(self) -> Mask:
        """The taps that are no outputs of the model, [l]."""
        return np.array([not tap.output for tap in self.m.taps], bool)

    @property
    def worthless(self) -> float:
        """The loss without knowledge: that of a constant prediction, or the first loss if lower."""
        start = float(self.m.sample_loss[0])
        constant = float(self.m.constant_loss)
        return min(start, constant) if np.isfinite(start) else constant

    @property
    def spacing(self) -> float:
        """Steps from one look to the next."""
        return float(np.median(np.diff(self.m.looked))) if self.m.looked.size > 1 else 1.0

    def lasting(self, mask: Mask, steps: float) -> int | None:
        """The step since which a mask of looks, [looks], held for a number of steps; None if never."""
        needed = max(int(np.ceil(steps / self.spacing)) + 1, 3)
        first = first_run(mask, needed)
        return None if first is None else int(self.m.looked[self.looks][first])

    def weigh(self, since: int | None, possible: bool, evidence: str) -> Sign:
        """The sign of a symptom that harms only where the training suffers."""
        if since is not None and self.learned == "no":
            return Sign("certain", since, evidence)
        if since is not None or (possible and self.learned != "yes"):
            return Sign("possible", evidence=evidence)
        return Sign("absent", evidence=evidence)


def finite_steps(m: Measurements) -> int:
    """Number of steps before loss, gradient or a weight was not a finite float32."""
    bad = ~np.isfinite(m.loss) | ~(m.gradient < FLOAT32_MAXIMUM).all(axis=1) | (m.input_finite == 0)
    at_look = ~np.isfinite(m.weight).all(axis=1)
    ends = [np.flatnonzero(bad)[:1], m.looked[at_look][:1] - 1, [m.steps]]
    return int(min(end for each in ends for end in each))


def first_run(mask: Mask, length: int) -> int | None:
    """The index at which the first run of at least so many true values begins."""
    if mask.size < length:
        return None
    whole = np.lib.stride_tricks.sliding_window_view(mask, length).all(axis=-1)
    return int(whole.argmax()) if whole.any() else None
