"""Symptom dormant-units: units whose output is small compared with the rest of their layer."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Ints, extended, first_measured
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
from tb_gradhealth.health.results import INFO, WARNING, percent


@dataclass(frozen=True)
class DormantUnitsLimits(Limits):
    """Shares of a layer's units."""

    threshold: float = limit(0.25, "share of dormant units worth knowing", maximum=1)
    warning: float = limit(0.5, "share of dormant units that is a warning if it has risen", maximum=1)
    risen: float = limit(0.1, "how much the share must have risen since the first record", maximum=1)


class DormantUnits(Symptom[DormantUnitsLimits]):
    """Share of a layer's units whose mean |h| is at most 0.025 of the layer's mean.

    These are the tau-dormant neurons of ReDo (Sokar et al., ICML 2023). Channels differ widely after
    normalization, so a large share is information unless it has grown and the loss does not improve.
    """

    id = "dormant-units"
    title = "Dormant units"
    meaning = (
        "These units give almost nothing compared with the others of their layer. If their share grows, the "
        "network loses the ability to learn something new."
    )
    causes = (
        "A training that goes on over changing data or targets, as in reinforcement learning.",
        "A learning rate that is too high.",
        "A layer that is much wider than its task needs.",
    )
    advice = (
        "Reset dormant units from time to time (ReDo), or use layer normalization.",
        "Lower the learning rate.",
        "Try a narrower layer.",
    )
    measure = "units with mean |h| <= 0.025 of the layer's mean / units"
    needs = "the means of its units were not measured"
    statistic = "dormant_fraction"
    labels = Labels("share of dormant units", "share of dormant units")
    unit = "share"
    judges = ("activation",)
    limits_type = DormantUnitsLimits
    raised_by_loss = False
    info_while_undecided = True

    def __init__(self, limits: DormantUnitsLimits) -> None:
        super().__init__(limits)
        self._first = np.empty(0)

    def scope(self, structure: Structure) -> Scope:
        """Outputs of layers, except the model's own, whose classes may be rare."""
        return structure.all_of("activation").without(
            structure.output, "the model's output: classes may be rare"
        )

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the state by further rows."""
        self._first = extended(self._first, rows.size, np.nan)

    def observe(self, view: View) -> Judgement:
        """Compare every layer's share with the limits and with its first value."""
        value = view.column("dormant_fraction")
        self._first = first_measured(value, self._first)
        grave = (value > self.limits.warning) & (value - self._first >= self.limits.risen)
        return judgement(value, self.limits.threshold, np.where(grave, WARNING, INFO))

    def message(self, facts: Facts) -> str:
        """How many of the layer's units are dormant."""
        return (
            f"{percent(facts.value)} of the units of {facts.row.layer} {facts.tense('have given', 'gave')} "
            f"next to nothing {facts.since}; {percent(facts.threshold)} is worth knowing."
        )
