"""Gradients that grow and grow, or dwarf the weights they are meant to correct."""

import math
from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, carried, column_median, grown
from tb_gradhealth.health.protocol import (
    Baseline,
    Facts,
    Judgement,
    Labels,
    Limits,
    Lines,
    Rows,
    Scope,
    Structure,
    Symptom,
    Usual,
    View,
    limit,
    windowed,
)
from tb_gradhealth.health.results import CRITICAL, INFO, WARNING, number, times
from tb_gradhealth.health.series import SMALLEST_WEIGHT

KNOWN = 3
"""Records that make a past: of the first ones alone nobody knows whether they are usual."""

WINDOWS = (1, 2)
"""Steps in a window of the flight recorder's lines: an explosion that ends in NaN lasts a dozen steps, or
four; one that rocks to and fro on its way grows only from every second to the next."""

FALLEN = 0.1
"""Share of its first value that a loss has lost of which one may hope that it falls."""

NEEDED = 3
"""Windows in a row that must have grown, as for records; an overflow counts as one."""

LONGEST = 4096
"""Lines that are looked at, the newest: each is held against all before it, which takes their square."""

GROWN, LARGE = 0, 1
"""The aspects: beyond its own usual size, or beyond that of its weights."""


@dataclass(frozen=True)
class ExplodingGradientLimits(Limits):
    """Growth over its own past, and size beside the weights."""

    threshold: float = limit(10.0, "times its own usual size, still growing, or times its weights", least=1)
    pace: float = limit(1.5, "growth from record to record that counts as growing", least=1)
    critical: float = limit(100.0, "times the threshold from which it is critical", least=1)
    least: float = limit(
        1e-3, "share of its weights below which a gradient may grow: it comes from next to nothing", most=1
    )
    share: float = limit(
        0.01, "share of the network's largest gradient below which one may grow: it still does little", most=1
    )


class ExplodingGradient(Symptom[ExplodingGradientLimits]):
    """RMS(g) of a weight matrix over its own running median, while it grows, or over RMS(w).

    Growth counts where the loss does not fall: a gradient that grows with a falling loss has just found its
    way. It need not go on where the loss is lost already, at twice its best and near where it began or
    beyond. One that comes back down to its usual size was a spike and is forgiven, unless it broke the
    training. A gradient that is only
    large beside its weights proves little: a summed loss, unscaled targets or a gradient still multiplied
    by a loss scale make it so, and Adam does not even notice; nor do weights that began next to zero tell. So
    that is information until the loss is known not to improve, unless it is a thousand times as large and the
    loss has not fallen so far.
    Gradients are taken before the optimizer's clipping, the largest since the last record. In the flight
    recorder's lines, windows of one step or of two stand for records; growth that ends in an overflow is
    found though it lasted no longer than one or two of them.
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
        "Clip gradients: optimizer(clipnorm=1.0) or global_clipnorm=1.0.",
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
    forgiven = True
    unless_lost = True
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

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Make room for the past of further rows."""
        self._baseline = self._baseline.settled(rows.size)
        self._previous = grown(self._previous, rows.size, np.nan)
        self._smallest = np.array([_smallest_weight(structure.rows[row].shape) for row in rows.tolist()])

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with its own past and with its weight."""
        worse = ~(view.block.loss_deviation < 0)[:, None]
        lost = _lost(view)[:, None]
        # A gradient with no finite element has no RMS; the largest since the last record stands in.
        rms = np.fmax(view.column("rms"), view.column("peak_rms"))
        limits = self.limits

        def outlying(usual: Usual, rows: Rows) -> Mask:
            # Of the first records nobody knows yet which are usual, unless the loss tells.
            return (rms[:, rows] / usual.median > limits.threshold) & ((usual.count >= KNOWN) | lost)

        usual, runs, self._baseline = self._baseline.compare(rms, outlying)
        growth, high = rms / usual.median, runs > 0
        previous = carried(rms, self._previous)
        self._previous = previous[-1].copy()
        matters = rms >= limits.share * np.fmax.reduce(rms, axis=1, initial=0, keepdims=True)
        growing = ((rms > limits.pace * previous[:-1]) & worse | high & lost) & matters
        weight = view.beside("weight", "rms")
        growing &= ~(rms / np.maximum(weight, SMALLEST_WEIGHT) < limits.least)
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
            held=np.fmax(value, growth) > limits.threshold / 2,
            level=level,
            reference=usual.median,
            aspect=np.where(exploding & (growth >= np.fmax(ratio, 0)), GROWN, LARGE),
        )

    def _for_its_size(self, view: View, grave: Mask) -> Ints:
        """The most that a gradient deserves which is only large: little, as long as the loss may fall."""
        losses = view.block.losses
        records = np.arange(view.steps.size)
        first = losses.last[records, -np.clip(losses.count, 1, losses.last.shape[1])]
        fallen = losses.last[:, -2:].max(axis=1) < first - FALLEN * np.abs(first)
        alarming = grave & ~(fallen | view.block.accompanied)[:, None]
        early = np.where(alarming, WARNING, INFO)
        return np.where(view.outcome_is("undecided", "unknown")[:, None], early, CRITICAL)

    def observe_steps(self, lines: Lines) -> Judgement | None:
        """Find three windows in a row, each beyond ten times the median of those before and growing."""
        newest = Lines(lines.steps[-LONGEST:], lines.values[-LONGEST:], lines.loss[-LONGEST:], lines.trend)
        for length in WINDOWS:
            judged = self._in_windows(newest, length)
            if judged is not None and judged.breach.any():
                return judged
        return None

    def _in_windows(self, lines: Lines, length: int) -> Judgement | None:
        finite = np.where(np.isfinite(lines.values), lines.values, np.nan)
        windows, losses = windowed(finite, length), windowed(lines.loss[:, None], length)
        if len(windows) < NEEDED:
            return None
        growth = np.full(windows.shape, np.nan)
        breach = np.zeros(windows.shape, bool)
        for index in range(1, len(windows)):
            growth[index] = windows[index] / column_median(windows[:index])
            worse = not losses[index, 0] <= column_median(losses[:index])[0]
            growing = windows[index] > windows[index - 1]
            breach[index] = (growth[index] > self.limits.threshold) & growing & worse
        overflow = windowed(np.isinf(lines.values).astype(np.float64), length) > 0
        return self._persistent(lines.steps[::length], growth, breach, overflow)

    def _persistent(self, begins: Ints, growth: Floats, breach: Mask, overflow: Mask) -> Judgement:
        """What grew over three windows in a row, or over fewer until it was no longer finite.

        Before an overflow two are enough, or one of a thousand times the usual size: what ends in NaN for
        another reason, a logarithm of zero say, does not grow before.
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
        return Judgement(value=value, breach=found, held=found, level=level, since=since)

    def message(self, facts: Facts) -> str:
        """Say how much larger than what, and since when."""
        peak, been = f"step {facts.peak_step:,}", facts.tense("has been", "was")
        limit = f"{number(facts.threshold)} × is the limit{facts.yet}"
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
    """The records at which the loss is far above its best, and no longer near to having learned anything."""
    losses, loss = view.block.losses, view.block.loss
    best = np.fmin(losses.best, losses.first)
    return np.asarray((loss - best > np.abs(best)) & (loss >= losses.first - 0.5 * np.abs(losses.first)))


def _smallest_weight(shape: tuple[int, ...]) -> float:
    """A tenth of a weight matrix's RMS after Glorot's initialization, `SMALLEST_WEIGHT` at least.

    What begins far smaller, or at zero, is no measure of its gradient.

    Args:
        shape: its last two axes are inputs and outputs, those before them multiply both.
    """
    if len(shape) < 2:
        return SMALLEST_WEIGHT
    *window, inputs, outputs = map(abs, shape)
    return max(math.sqrt(2 / max(math.prod(window) * (inputs + outputs), 1)) / 10, SMALLEST_WEIGHT)
