"""Symptom no-gradient: variables for which the framework gives no gradient."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
)
from tb_gradhealth.health.results import CRITICAL


@dataclass(frozen=True)
class NoGradientLimits(Limits):
    """Limit of the number of variables: none."""

    threshold: float = limit(0.0, "variables without a gradient that are fine")


class NoGradient(Symptom[NoGradientLimits]):
    """A trainable variable whose gradient is None: there is no path from it to the loss.

    That is a fault of the model's structure, so it is critical at the first record and no loss excuses it.
    No gradient is computed for a frozen variable (trainable = False).
    """

    id = "no-gradient"
    title = "No gradient"
    meaning = "The framework found no path from this variable to the loss: it will never learn anything."
    causes = (
        "The layer was built but its output is not used.",
        "A conversion to NumPy, an argmax, a cast to integers or a stopped gradient between it and the loss.",
        "The loss is computed on another model's, or an earlier call's, outputs.",
    )
    advice = (
        "Follow the layer's output to the loss; use it, or remove the layer.",
        "Replace operations that have no gradient.",
        "{exclude_variable} if the variable is not meant to learn.",
    )
    measure = "1 where the gradient is None"
    needs = "its gradient was not asked for"
    statistic = "rms"
    labels = Labels("without a gradient", "gradient RMS")
    judges = ("gradient",)
    unit = "variables"
    limits_type = NoGradientLimits
    immediate = True
    weighed_by_loss = False
    needs_finite = False
    leads_to = frozenset({"loss-stalled"})

    def scope(self, structure: Structure) -> Scope:
        """Variables whose gradient is None."""
        return Scope(structure.no_gradient, {})

    def observe(self, view: View) -> Judgement:
        """1 for rows whose gradient is None, 0 for rows that have one by now."""
        missing = view.structure.no_gradient[view.rows]
        value = np.repeat(missing[None].astype(np.float64), view.steps.size, axis=0)
        return judgement(value, self.limits.threshold, CRITICAL)

    def message(self, facts: Facts) -> str:
        """That the loss does not depend on the variable."""
        return (
            f"{facts.row.tensor} {facts.tense('gets', 'got')} no gradient at all {facts.since}: the loss "
            f"{facts.tense('does', 'did')} not depend on it."
        )
