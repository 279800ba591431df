"""A loss that has got nowhere since the start."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Mask
from tb_gradhealth.health.limits import Limits, limit
from tb_gradhealth.health.outcome import Losses
from tb_gradhealth.health.steps import Lines
from tb_gradhealth.health.structure import Scope, Structure
from tb_gradhealth.health.symptom import WARNING, Facts, Judgement, Labels, Symptom, judgement, of_loss
from tb_gradhealth.health.view import View
from tb_gradhealth.health.wording import percent


@dataclass(frozen=True)
class LossStalledLimits(Limits):
    """How much a training must have gained, and when that is asked."""

    threshold: float = limit(0.1, "share of its first value that the loss must have lost", most=1)
    risen: float = limit(
        0.5, "share by which a loss that is merely stalled may have risen; beyond, it diverges"
    )
    records: int = limit(10, "records with a loss before it is judged", least=10)
    steps: int = limit(32, "steps before a run is judged by the flight recorder's lines", least=10)


class LossStalled(Symptom[LossStalledLimits]):
    """(first - recent) / |first|: medians of the first three losses and of the last five.

    Breaches below a tenth, and only where the last losses are not significantly lower than those before
    them. A loss that came down and rests has converged, which is no symptom. While the learning rate is still
    rising nothing is asked. It is forgiven when it ends: a plateau at the start that the training left.
    """

    id = "loss-stalled"
    title = "Loss does not improve"
    meaning = (
        "The loss is where it was at the start: the network learns nothing, or only the classes' shares."
    )
    causes = (
        "A learning rate that is far too low, or so high that the first steps destroyed the network.",
        "Gradients that do not arrive: look for vanishing gradients and dead units.",
        "A loss that does not fit the output: logits where probabilities are expected, or the reverse.",
        "Inputs that are not scaled, or labels that do not belong to them.",
    )
    advice = (
        "Look at the other findings of this run first: they may name the layer.",
        "Try to learn a single batch by heart; if that fails, model, loss and labels do not fit.",
        "Try learning rates ten times higher and ten times lower.",
    )
    measure = "(median of the first 3 losses - median of the last 5) / |median of the first 3|"
    needs = "fewer than ten losses were recorded, or the learning rate still rises"
    statistic = "mean"
    labels = Labels("share of the first loss gained", "loss")
    unit = "share"
    limits_type = LossStalledLimits
    direction = "below"
    weighed = False
    forgiven = True

    def __init__(self, limits: LossStalledLimits) -> None:
        super().__init__(limits)
        self._judged = False
        self._rate = 0.0

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.all_of("loss")

    def observe(self, view: View) -> Judgement:
        """Compare where the loss is with where it began."""
        losses = view.block.losses
        rate = view.training("learning_rate", absent=0.0)
        before = np.concatenate([[self._rate], rate[:-1]])
        rising, self._rate = (rate > before) & (before > 0), float(rate[-1])
        ready = (losses.count >= self.limits.records) & ~rising
        self._judged |= bool(ready.any())
        gain = np.where(ready, losses.gain, np.nan)
        stuck = self._stuck(losses)
        value = np.repeat(gain[:, None], view.rows.size, axis=1)
        return judgement(value, self.limits.threshold, of_loss(view), below=True, where=stuck[:, None])

    def observe_steps(self, lines: Lines) -> Judgement | None:
        """Judge a run that was too short for records, step by step."""
        trend = lines.trend
        if self._judged or trend is None or trend.count[-1] < self.limits.steps:
            return None
        value = np.full(lines.values.shape[1], trend.gain[-1])
        since = np.full(value.size, lines.steps[0])
        stuck = np.full(value.size, self._stuck(trend)[0])
        return judgement(value, self.limits.threshold, WARNING, below=True, where=stuck, since=since)

    def _stuck(self, losses: Losses) -> Mask:
        return ~losses.improves() & (losses.gain > -self.limits.risen)

    def message(self, facts: Facts) -> str:
        """Say how little was gained."""
        gained = (
            f"fallen by {percent(facts.value)}" if facts.value > 0 else f"risen by {percent(-facts.value)}"
        )
        return (
            f"The loss has {gained} between its first steps and step {facts.peak_step:,}; where "
            f"something is learned it falls by more than {percent(facts.threshold)}."
        )
