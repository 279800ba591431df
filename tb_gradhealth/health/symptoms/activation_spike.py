"""Activations that suddenly leave their usual range."""

import numpy as np

from tb_gradhealth.health.baseline import Baseline
from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, View
from tb_gradhealth.health.wording import times

SHORTEST_PAST = 8
"""Records of normal behaviour before a spike can be told from it..."""

SHORTEST_PAST_STEPS = 30
"""...and the steps they must cover: each record stands for the largest value of all its steps."""

LEAST_FACTOR = 4.0
"""A spike is also at least this many times the usual maximum, however steady that was."""


class ActivationSpike(Symptom):
    """Robust z of ln(max|h|) against the layer's own past: (ln v - median) / (1.4826 MAD + 0.05) > 8.

    The maximum is the sticky one, so that a single step between two records counts. Outliers are not
    admitted to the past they are compared with. A spike that the loss did not notice is information: what
    counts is the loss of those very steps, not whether the training as a whole gets somewhere.
    """

    id = "activation-spike"
    title = "Activation spike"
    meaning = (
        "The layer's largest output jumped far out of the range it had kept. The steps after such a spike "
        "often undo what was learned, or end in NaN."
    )
    causes = (
        "A step that was too large: the learning rate is too high, or was just raised.",
        "A batch with an extreme input or label.",
        "BatchNormalization on a batch whose variance is close to zero.",
        "Weights that were changed from outside: a faulty checkpoint, a wrong loading.",
    )
    advice = (
        "Look at the first layer in forward order that spikes; the later ones follow it.",
        "Inspect the batch of that step for outliers; scale or clip the inputs.",
        "Lower the learning rate or clip gradients (clipnorm=1.0).",
        "If the loss does not come back, restart from a checkpoint before the spike.",
    )
    measure = "(ln max|h| - median) / (1.4826 MAD + 0.05) over its last 32 records"
    statistic = "peak_max"
    labels = Labels("robust z", "max |activation|", "usual maximum")
    threshold = 8.0
    immediate = True
    weighed = False

    def __init__(self) -> None:
        self._baseline = Baseline()
        self._first_step: int | None = None

    def observe(self, view: View) -> Judgement:
        """Compare every layer's largest output since the last record with its own past."""
        rows, loss = view.structure.kinds["activation"], view.structure.kinds["loss"]
        peak = np.where(rows | loss, view.columns["peak_max"], np.nan)
        first = self._first_step = view.step if self._first_step is None else self._first_step
        usual = self._baseline.compare(peak)
        known = (usual.count >= SHORTEST_PAST) & (view.step - first >= SHORTEST_PAST_STEPS)
        with np.errstate(invalid="ignore"):
            breach = rows & known & (usual.score > self.threshold) & (peak >= LEAST_FACTOR * usual.median)
            held = known & (usual.score > self.threshold / 2)
            unnoticed = loss.any() and bool(np.all(peak[loss] < usual.median[loss]))
        self._baseline.admit(peak, ~breach)

        ago = np.nan_to_num(view.columns["peak_max_ago"]).astype(np.int64)
        return Judgement(
            value=np.where(rows & known, usual.score, np.nan),
            breach=breach,
            held=held,
            level=np.full(peak.size, 0 if unnoticed else 1),
            reference=usual.median,
            since=view.step - ago,
        )

    def message(self, facts: Facts) -> str:
        """Say which layer jumped, when, and how far out it was."""
        return (
            f"The output of {facts.row.layer} jumped out of its usual range at step {facts.opened_step:,}: "
            f"{times(facts.value)} robust deviations above normal, {facts.threshold:.0f} are allowed."
        )
