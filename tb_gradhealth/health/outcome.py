"""Whether the loss gets better: the gate that weighs findings by what they did to the training.

Gradients vanish legitimately once a loss has converged, and sparse units are fine in a network that
learns. So a loss that improves lowers a finding to information, one that does not raises it; without
a loss a finding keeps the severity of its rule.
"""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Outcome = Literal["learning", "stalled", "diverging", "unknown"]

WINDOW: Final = 5
"""Records in a stretch; the loss of a single batch is too noisy to compare."""

COMPARED: Final = 10
"""Records on each side when the recent past is compared with the past before it, as far as there are."""

LEARNED: Final = 0.7
"""The recent median is this share of the first ones: the training has got somewhere."""

IMPROVING: Final = 0.97
"""The recent median is this share of the one before: the training still gets somewhere..."""

SIGNIFICANT: Final = 3.0
"""...unless the difference is below so many standard errors, and may be chance."""

DIVERGED: Final = 2.0
"""The recent median is this many times the best stretch."""


def outcome_of(losses: npt.NDArray[np.float64]) -> Outcome:
    """Judge the losses recorded so far.

    Args:
        losses: the loss at each record, float64 of shape [records]; NaN where it was not recorded,
            infinite where it was not finite.

    Returns:
        ``"unknown"`` below two windows of finite losses.
    """
    recorded = losses[~np.isnan(losses)]
    if recorded.size and not np.isfinite(recorded[-WINDOW:]).any():
        return "diverging"
    finite = recorded[np.isfinite(recorded)]
    if finite.size < 2 * WINDOW:
        return "unknown"
    first, recent = float(np.median(finite[:3])), float(np.median(finite[-WINDOW:]))
    # A loss may be negative or cross zero, so a gain is measured on the scale of where it began.
    if first - recent >= (1 - LEARNED) * max(abs(first), 1e-12) or _improves(finite):
        return "learning"
    stretches = finite[: finite.size // WINDOW * WINDOW].reshape(-1, WINDOW)
    best = float(np.min(np.median(stretches, axis=1)))
    if recent - best >= (DIVERGED - 1) * max(abs(best), 1e-12):
        return "diverging"
    return "stalled"


def _improves(losses: npt.NDArray[np.float64]) -> bool:
    """Whether the median of the last records is lower than that of those before, beyond chance."""
    size = min(COMPARED, losses.size // 2)
    before, recent = losses[-2 * size : -size], losses[-size:]
    gain = float(np.median(before) - np.median(recent))
    residuals = np.concatenate([before - np.median(before), recent - np.median(recent)])
    # Of a normal variable the median's standard error is 1.25 sigma / sqrt(n), sigma is 1.4826 MAD.
    error = 1.25 * 1.4826 * float(np.median(np.abs(residuals))) * np.sqrt(2 / size)
    return gain >= (1 - IMPROVING) * max(abs(float(np.median(before))), 1e-12) and gain >= SIGNIFICANT * error


class LossTrend:
    """The losses of one history, judged as they come."""

    def __init__(self) -> None:
        self._losses: list[float] = []

    def observe(self, loss: float) -> Outcome:
        """Add the loss of one record, NaN if it was not recorded and infinite if not finite, and judge."""
        self._losses.append(loss)
        return outcome_of(np.array(self._losses))
