"""Symptom loss-stalled: a loss that has not improved since the start."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import Losses
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    StepsView,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
    loss_level,
)
from tb_gradhealth.health.results import WARNING, percent

OPENS_AT = 3
"""Records that a finding needs."""

GAINED, SKILLED, ZERO = 0, 1, 2
"""The aspects: measured by the loss itself, against a constant prediction, and a loss of exactly zero."""


@dataclass(frozen=True)
class LossStalledLimits(Limits):
    """How much a training must have gained, and from when on it is judged."""

    threshold: float = limit(
        0.1, "share of its first value, or of a constant prediction's loss, that must be gone", maximum=1
    )
    risen: float = limit(
        0.5, "share by which a loss that is merely stalled may have risen; beyond, it diverges"
    )
    slow: float = limit(
        0.3, "share of the threshold below which a loss that falls does so too slowly to get there", maximum=1
    )
    records: int = limit(8, "records with a loss before it is judged", minimum=8)
    steps: int = limit(32, "steps before a run is judged by the flight recorder's steps", minimum=10)


class LossStalled(Symptom[LossStalledLimits]):
    """What a training has gained: against a constant prediction where that is known, else against its start.

    Against a constant prediction it is the skill, 1 - loss / constant loss, or the same for accuracy or AUC,
    whichever is largest: a fine-tuning that starts well has gained nothing and is healthy. Else it is the
    largest gain by three statistics: from the median of the first three records to that of the last five,
    from the mean of the first ten to that of the last ten, and from the first to the newest epoch's mean
    loss.

    It breaches below a tenth, and only where the last losses are not significantly lower than those before
    them, or so little lower that a run three times as long would not reach it. It is not judged while the
    learning rate rises. A resolved finding is information: the training left a plateau at its start.
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
    measure = (
        "1 - loss / loss of the best constant prediction (or of accuracy, AUC) where known; else (first - "
        "last) / |first| of medians, means or epochs, whichever fell most"
    )
    needs = "fewer than eight losses were recorded, or the learning rate still rises"
    statistic = "mean"
    labels = Labels("share gained", "loss")
    unit = "share"
    judges = ("loss",)
    limits_type = LossStalledLimits
    direction = "below"
    weighed_by_loss = False
    info_when_resolved = True

    def __init__(self, limits: LossStalledLimits) -> None:
        super().__init__(limits)
        self._judged = 0
        self._rate = 0.0
        self._zero_since: int | None = None

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.main_loss()

    def observe(self, view: View) -> Judgement:
        """Compare the loss with its start, and with the loss of a constant prediction."""
        losses = view.block.losses
        rate = view.training("learning_rate", absent=0.0)
        before = np.concatenate([[self._rate], rate[:-1]])
        rising, self._rate = (rate > before) & (before > 0), float(rate[-1])
        ready = (losses.count >= self.limits.records) & losses.finite & ~rising
        self._judged += int(np.count_nonzero(ready))
        gained, aspect = self._measured(losses)
        zero_since = self._zeros(view.block.loss, view.steps)
        value = np.where(ready, gained, np.nan)[:, None]
        return judgement(
            np.repeat(value, view.rows.size, axis=1),
            self.limits.threshold,
            loss_level(view),
            below=True,
            where=self._stuck(losses)[:, None],
            since=np.where(zero_since >= 0, zero_since, view.steps)[:, None].repeat(view.rows.size, axis=1),
            aspect=np.where(zero_since >= 0, ZERO, aspect)[:, None].repeat(view.rows.size, axis=1),
        )

    def observe_steps(self, view: StepsView) -> Judgement | None:
        """Judge a run by its steps where it has fewer records than a finding needs."""
        trend = view.trend
        if (
            self._judged >= OPENS_AT
            or trend is None
            or trend.count[-1] < self.limits.steps
            or not trend.finite[-1]
        ):
            return None
        rows = view.values.shape[1]
        gained, aspect = self._measured(trend)
        zero = not view.loss.any()
        return judgement(
            np.full(rows, gained[0]),
            self.limits.threshold,
            WARNING,
            below=True,
            where=np.full(rows, self._stuck(trend)[0]),
            since=np.full(rows, view.steps[0]),
            aspect=np.full(rows, ZERO if zero else aspect[0]),
        )

    def contradicted(self, losses: Losses) -> bool:
        """Whether the results are better than a constant prediction's, or the epochs' loss fell."""
        skill = losses.skill[0]
        fell = np.isnan(skill) and losses.epoch_gain[0] >= self.limits.threshold
        return bool(skill >= self.limits.threshold or fell or losses.outcomes[0] == "learning")

    def _measured(self, losses: Losses) -> tuple[Floats, Ints]:
        """What was gained, and by which measure, [records]."""
        gains = np.fmax.reduce([losses.gain, losses.mean_gain, losses.epoch_gain])
        skilled = np.isfinite(losses.skill)
        gained = np.where(skilled, losses.skill, gains)
        return np.clip(gained, -1, 1), np.where(skilled, SKILLED, GAINED)

    def _stuck(self, losses: Losses) -> Mask:
        """Whether it does not fall, or too slowly, and has not risen so much that it diverges, [records]."""
        limits = self.limits
        minimum_gain = limits.slow * limits.threshold
        too_slow = np.fmax(losses.gain, losses.mean_gain) < minimum_gain
        # Epochs of a few batches are noisy too, so they must have gained something since the first.
        falling = losses.epoch_falls & (losses.epoch_gain >= minimum_gain)
        flat = (~losses.improves() | too_slow) & ~falling
        return np.asarray(flat & (losses.gain > -limits.risen))

    def _zeros(self, loss: Floats, steps: Ints) -> Ints:
        """The step since which the loss is exactly zero at each record, -1 where it is not; [records]."""
        since = np.full(steps.size, -1)
        for record, (value, step) in enumerate(zip(loss.tolist(), steps.tolist(), strict=True)):
            if value == 0:
                self._zero_since = step if self._zero_since is None else self._zero_since
            elif value == value:  # a loss that was not recorded changes nothing
                self._zero_since = None
            since[record] = -1 if self._zero_since is None else self._zero_since
        return since

    def message(self, facts: Facts) -> str:
        """How little was gained, and by which measure."""
        value, minimum, at = facts.value, percent(facts.threshold), f"step {facts.peak_step:,}"
        if facts.aspect == ZERO:
            return (
                f"The loss {facts.tense('is', 'was')} exactly 0 {facts.since}: nothing can be learned from "
                "it. Look at the targets."
            )
        if facts.aspect == SKILLED and value > 0:
            return (
                f"At {at} the network had come {percent(value)} of the way from a constant prediction to a "
                f"perfect one; {minimum} is the least that counts as learning."
            )
        if facts.aspect == SKILLED:
            return f"At {at} the network was no better than predicting the same for every sample."
        if value > 0:
            moved = f"had fallen by no more than {percent(value)}"
        elif value == 0:
            moved = "had not fallen"
        else:
            moved = f"had risen by {percent(-value)} or more"
        return (
            f"By its medians and means the loss {moved} between its first records and {at}; where something "
            f"is learned it falls by more than {minimum}."
        )
