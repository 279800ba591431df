"""Symptom exploding-gradient: gradients that keep growing, or that are far larger than their weights."""

import math
from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, column_median, extended, forward_filled
from tb_gradhealth.health.protocol import (
    Baseline,
    Comparison,
    Facts,
    Judgement,
    Labels,
    Limits,
    RowSelection,
    Scope,
    StepsView,
    Structure,
    Symptom,
    View,
    limit,
    window_maxima,
)
from tb_gradhealth.health.results import CRITICAL, INFO, WARNING, number, times
from tb_gradhealth.health.series import SMALLEST_WEIGHT_RMS

KNOWN = 3
"""Records from which on a past is usual; the first records alone may not be."""

WINDOWS = (1, 2)
"""Lengths of windows of the flight recorder's steps. An explosion that ends in NaN may last only four steps;
one that alternates grows only from every second step to the next."""

FALLEN = 0.1
"""Share of its first value by which a loss has fallen so far that it may fall further."""

NEEDED = 3
"""Windows in a row that must have grown, as for records; an overflow counts as one."""

LONGEST = 4096
"""Number of newest steps that are judged: each is compared with all before it, which takes quadratic time."""

GROWN, LARGE = 0, 1
"""The aspects: beyond its own usual size, or beyond that of its weights."""


@dataclass(frozen=True)
class ExplodingGradientLimits(Limits):
    """Growth relative to its own past, and size relative to the weights."""

    threshold: float = limit(10.0, "times its own usual size, still growing, or times its weights", minimum=1)
    pace: float = limit(1.5, "growth from record to record that counts as growing", minimum=1)
    critical: float = limit(100.0, "times the threshold from which it is critical", minimum=1)
    least: float = limit(
        1e-3, "share of its weights below which a gradient may grow: it comes from next to nothing", maximum=1
    )
    share: float = limit(
        0.01,
        "share of the network's largest gradient below which one may grow: it still does little",
        maximum=1,
    )


class ExplodingGradient(Symptom[ExplodingGradientLimits]):
    """RMS(g) of a weight matrix over its own running median, while it grows, or over RMS(w).

    Growth counts where the loss does not fall: gradients may grow while the loss starts to fall. Where the
    loss is at twice its best and near its start or above, a large gradient counts without further growth. A
    gradient that returns to its usual size was a spike and becomes information, unless the loss diverged.

    A gradient that is only large relative to its weights proves little: a summed loss, unscaled targets or a
    gradient still multiplied by a loss scale have that effect, and Adam is invariant to it; weights that
    began near zero are no reference either. So it is information until the loss is known not to improve,
    unless it is a thousand times as large and the loss has not fallen yet.

    Gradients are measured before the optimizer's clipping; the largest since the last record counts. Of the
    flight recorder's steps, windows of one or two steps are judged like records; growth that ends in an
    overflow is found after one or two windows.
    """

    id = "exploding-gradient"
    title = "Exploding gradient"
    meaning = (
        "The gradient grows and grows, or is many times larger than the weights it corrects. Each step "
        "then throws the weights far from where they were, and the next gradient is larger still."
    )
    causes = (
        "The learning rate is too high: above 2 / curvature every step overshoots by more than the last.",
        "A recurrent network unrolled over many steps, without clipping.",
        "Weights initialized too large, or inputs and targets that are not scaled.",
        "A loss that is summed over the batch where a mean was meant.",
    )
    advice = (
        "Lower the learning rate, or warm it up over the first hundreds of steps.",
        "Clip gradients: global_clipnorm=1.0 of a Keras optimizer, clip_grad_norm_ in PyTorch.",
        "Scale inputs and targets to about unit variance.",
        "In recurrent layers use LSTM or GRU, or an orthogonal recurrent initializer.",
    )
    measure = "max(RMS(g) / its running median while it grows, RMS(g) / max(RMS(w), a tenth of Glorot's))"
    needs = "its gradient or its past is not known"
    statistic = "rms"
    labels = Labels("times its usual size or its weights", "gradient RMS", "usual gradient RMS")
    judges = ("gradient",)
    unit = "times"
    limits_type = ExplodingGradientLimits
    logarithmic = True
    info_when_resolved = True
    unless_diverged = True
    leads_to = frozenset(
        {
            "non-finite",
            "loss-diverging",
            "loss-oscillating",
            "loss-stalled",
            "loss-spike",
            "activation-spike",
            "gradient-spike",
            "dead-units",
            "weight-growth",
            "saturated-activation",
        }
    )

    def __init__(self, limits: ExplodingGradientLimits) -> None:
        super().__init__(limits)
        self._baseline = Baseline()
        self._previous = np.empty(0)
        self._smallest = np.empty(0)

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("gradient")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the past by further rows."""
        self._baseline = self._baseline.resized(rows.size)
        self._previous = extended(self._previous, rows.size, np.nan)
        self._smallest = np.array([_smallest_weight(structure.rows[row].shape) for row in rows.tolist()])

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with its own past and with its weight."""
        worse = ~(view.block.loss_deviation < 0)[:, None]
        lost = _lost(view)[:, None]
        # A gradient without a finite element has no RMS; the largest since the last record replaces it.
        rms = np.fmax(view.column("rms"), view.column("peak_rms"))
        limits = self.limits

        def is_outlier(usual: Comparison, rows: RowSelection) -> Mask:
            # Whether the first records are usual is not known yet, unless the loss is lost.
            return (rms[:, rows] / usual.median > limits.threshold) & ((usual.count >= KNOWN) | lost)

        usual, runs, self._baseline = self._baseline.compare(rms, is_outlier)
        growth, high = rms / usual.median, runs > 0
        previous = forward_filled(rms, self._previous)
        self._previous = previous[-1].copy()
        matters = rms >= limits.share * np.fmax.reduce(rms, axis=1, initial=0, keepdims=True)
        growing = ((rms > limits.pace * previous[:-1]) & worse | high & lost) & matters
        weight = view.counterpart("weight", "rms")
        growing &= ~(rms / np.maximum(weight, SMALLEST_WEIGHT_RMS) < limits.least)
        ratio = rms / np.maximum(weight, self._smallest)
        exploding = growing & high
        value = np.fmax(np.where(growing, growth, np.fmin(growth, 1.0)), np.fmax(ratio, 0))
        value[np.isnan(rms)] = np.nan
        breach, grave = value > limits.threshold, value > limits.critical * limits.threshold
        level = np.where(grave, CRITICAL, WARNING)
        if breach.any():
            level = np.where(exploding, level, np.minimum(level, self._for_its_size(view, grave)))
        return Judgement(
            value=value,
            breach=breach,
            keeps_open=np.fmax(value, growth) > limits.threshold / 2,
            level=level,
            reference=usual.median,
            aspect=np.where(exploding & (growth >= np.fmax(ratio, 0)), GROWN, LARGE),
        )

    def _for_its_size(self, view: View, grave: Mask) -> Ints:
        """The maximum level of a gradient that is only large: low as long as the loss may fall."""
        losses = view.block.losses
        records = np.arange(view.steps.size)
        first = losses.last[records, -np.clip(losses.count, 1, losses.last.shape[1])]
        fallen = losses.last[:, -2:].max(axis=1) < first - FALLEN * np.abs(first)
        alarming = grave & ~(fallen | view.block.multiple_recorders)[:, None]
        early = np.where(alarming, WARNING, INFO)
        return np.where(view.outcome_is("undecided", "unknown")[:, None], early, CRITICAL)

    def observe_steps(self, view: StepsView) -> Judgement | None:
        """Find three windows in a row, each beyond ten times the median of those before and growing."""
        newest = slice(-LONGEST, None)
        view = StepsView(view.steps[newest], view.values[newest], view.loss[newest], view.trend)
        for length in WINDOWS:
            judged = self._in_windows(view, length)
            if judged is not None and judged.breach.any():
                return judged
        return None

    def _in_windows(self, view: StepsView, length: int) -> Judgement | None:
        finite = np.where(np.isfinite(view.values), view.values, np.nan)
        windows, losses = window_maxima(finite, length), window_maxima(view.loss[:, None], length)
        if len(windows) < NEEDED:
            return None
        growth = np.full(windows.shape, np.nan)
        breach = np.zeros(windows.shape, bool)
        for index in range(1, len(windows)):
            growth[index] = windows[index] / column_median(windows[:index])
            worse = not losses[index, 0] <= column_median(losses[:index])[0]
            growing = windows[index] > windows[index - 1]
            breach[index] = (growth[index] > self.limits.threshold) & growing & worse
        overflow = window_maxima(np.isinf(view.values).astype(np.float64), length) > 0
        return self._persistent(view.steps[::length], growth, breach, overflow)

    def _persistent(self, begins: Ints, growth: Floats, breach: Mask, overflow: Mask) -> Judgement:
        """Rows that grew over three windows in a row, or over fewer before an overflow.

        Before an overflow two windows are enough, or one of a thousand times the usual size: a gradient that
        becomes NaN for another reason, such as a logarithm of zero, does not grow before.
        """
        three = breach[2:] & breach[1:-1] & breach[:-2]
        two = breach[1:-1] & breach[:-2] & overflow[2:]
        one = breach[:-1] & (growth[:-1] > self.limits.critical * self.limits.threshold) & overflow[1:]
        run = one.copy()
        run[: len(three)] |= three | two
        found = np.asarray(run.any(axis=0))
        value = np.where(found, np.fmax.reduce(np.where(breach, growth, 0)), np.nan)
        level = np.where(value > self.limits.critical * self.limits.threshold, CRITICAL, WARNING)
        since = begins[run.argmax(axis=0)]
        return Judgement(value=value, breach=found, keeps_open=found, level=level, since=since)

    def message(self, facts: Facts) -> str:
        """How much larger than what the gradient is, and since when."""
        peak, been = f"step {facts.peak_step:,}", facts.tense("has been", "was")
        limit = f"{number(facts.threshold)} × is the limit{facts.loss_clause}"
        if facts.aspect == LARGE:
            return (
                f"The gradient of {facts.row.tensor} {been} far larger than its weights {facts.since}: "
                f"{times(facts.value)} × at {peak}, {limit}."
            )
        return (
            f"The gradient of {facts.row.tensor} {been} exploding {facts.since}: at {peak} it was "
            f"{times(facts.value)} × its usual size, {limit}."
        )


def _lost(view: View) -> Mask:
    """The records at which the loss is at twice its best or more, and above half of its first value."""
    losses, loss = view.block.losses, view.block.loss
    best = np.fmin(losses.best, losses.first)
    return np.asarray((loss - best > np.abs(best)) & (loss >= losses.first - 0.5 * np.abs(losses.first)))


def _smallest_weight(shape: tuple[int, ...]) -> float:
    """A tenth of a weight matrix's RMS after Glorot's initialization, at least `SMALLEST_WEIGHT_RMS`.

    It is the floor of RMS(w): weights that begin far smaller, or at zero, are no reference for the gradient.

    Args:
        shape: the last two axes are inputs and outputs, the axes before them multiply both.
    """
    if len(shape) < 2:
        return SMALLEST_WEIGHT_RMS
    *window, inputs, outputs = map(abs, shape)
    return max(math.sqrt(2 / max(math.prod(window) * (inputs + outputs), 1)) / 10, SMALLEST_WEIGHT_RMS)
