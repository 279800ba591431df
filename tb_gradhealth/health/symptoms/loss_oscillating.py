"""A loss that is thrown up and down instead of settling."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.limits import Limits, limit
from tb_gradhealth.health.outcome import COMPARED
from tb_gradhealth.health.structure import Scope, Structure
from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, judgement, of_loss
from tb_gradhealth.health.view import View
from tb_gradhealth.health.wording import percent


@dataclass(frozen=True)
class LossOscillatingLimits(Limits):
    """How large swings are, and how often they turn."""

    threshold: float = limit(0.3, "standard deviation of the last losses over their median")
    turns: float = limit(0.3, "share of changes that reverse one of the same kind", most=1)
    swing: float = limit(0.2, "a change counts from this share of the median on")
    above: float = limit(1.5, "times its first value that the loss must come back up to", least=0)
    unlearned: float = limit(0.5, "share of its first value that the mean loss must still have")


class LossOscillating(Symptom[LossOscillatingLimits]):
    """Standard deviation over median of the last 20 losses, where at least 30 % of their changes turn round.

    Small batches make any loss jagged, so that alone proves nothing: the mean must still be half of the first
    loss, and swings must go beyond one and a half times of it. Steps that are too large do that, noise around
    a falling loss does not.
    """

    id = "loss-oscillating"
    title = "Loss oscillates"
    meaning = "The loss swings up and down, again and again above where it began, and does not settle."
    causes = (
        "A learning rate that is too high: each step overshoots.",
        "Inputs that are not scaled, so that one rate cannot fit all weights.",
        "Batches that are too small, or not shuffled.",
    )
    advice = (
        "Lower the learning rate by ten, or let it decay.",
        "Scale the inputs to about unit variance.",
        "Use larger batches, and shuffle them.",
    )
    measure = "standard deviation / median of the last 20 losses"
    needs = "fewer than 20 losses were recorded"
    statistic = "mean"
    labels = Labels("relative swing", "loss")
    limits_type = LossOscillatingLimits
    weighed = False

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.all_of("loss")

    def observe(self, view: View) -> Judgement:
        """Measure swing and turns of the last losses."""
        trend = view.moment.trend
        last = trend.last
        if last.size < 2 * COMPARED:
            return judgement(np.full(view.rows.size, np.nan), self.limits.threshold)
        limits, median, first = self.limits, np.median(np.abs(last)), abs(trend.first)
        changes = np.diff(last)
        large = np.abs(changes) > limits.swing * median
        turns = np.mean((changes[1:] * changes[:-1] < 0) & large[1:] & large[:-1])
        unlearned = last.mean() >= limits.unlearned * first and last.max() >= limits.above * first
        jagged = bool(turns >= limits.turns and unlearned)
        value = np.full(view.rows.size, last.std() / median)
        return judgement(value, limits.threshold, of_loss(view), where=np.full(value.size, jagged))

    def message(self, facts: Facts) -> str:
        """Say how large the swings are."""
        return (
            f"The loss has been swinging since step {facts.opened_step:,}: by {percent(facts.value)} of its "
            f"median around step {facts.peak_step:,}, above where it began; {percent(facts.threshold)} is "
            f"the limit."
        )
