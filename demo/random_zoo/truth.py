"""The truth about a training: its symptoms by definitions of their own, from the probe's measurements.

The definitions use neither the plan nor the product's rules. Each symptom is certain, possible or absent.
Between certain and absent there is a factor of about three on both sides of the limit in SYMPTOMS.md: a
finding in this grey zone is neither right nor wrong.

Most symptoms are harmful only where the training suffers, so they are certain only where it did not learn.
Where it learned, a certain symptom becomes possible and a possible one absent: it may be reported as
information, and a warning of it is a false alarm. Faults that do not depend on the outcome (non-finite
values, a variable without a gradient, spikes of the loss) keep their degree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.demo.random_zoo import loss_signs, network_signs, spike_signs
from tb_gradhealth.demo.random_zoo.measurements import Measurements
from tb_gradhealth.demo.random_zoo.signs import Answer, Degree, JudgedTraining, Sign, finite_steps


@dataclass(frozen=True)
class Truth:
    """The truth about one training.

    Attributes:
        learned: whether its metric is far above chance and near that of a reference learner.
        signs: by symptom.
        evidence: metric, chance and reference, as text.
    """

    learned: Answer
    signs: Mapping[str, Sign]
    evidence: str = ""

    @property
    def healthy(self) -> bool:
        """It learned, and no symptom is certain or possible."""
        return self.learned == "yes" and all(sign.degree == "absent" for sign in self.signs.values())

    def of_degree(self, degree: Degree) -> dict[str, Sign]:
        """The symptoms of one degree."""
        return {symptom: sign for symptom, sign in self.signs.items() if sign.degree == degree}


def truth_of(measured: Measurements) -> Truth:
    """Judge one training."""
    training = JudgedTraining(measured, finite_steps(measured), learned(measured))
    signs = {symptom: judge(training) for symptom, judge in SYMPTOMS.items()}
    heads = zip(measured.final, measured.chance, measured.reference, strict=True)
    evidence = "; ".join(
        f"metric {got:.2g}, chance {none:.2g}, reference {ref:.2g}" for got, none, ref in heads
    )
    return Truth(training.learned, signs, evidence)


def learned(measured: Measurements) -> Answer:
    """Whether every head got 60 % of the way from chance to the reference ("yes"), or none 20 % ("no").

    Both on all data after the last step and on the sample over the last looks, so that a single lucky or
    unlucky moment does not decide. Where the reference learner is hardly better than chance, only memorizing
    can be learning. Where all targets are equal, nothing can be decided. For a training that ended in NaN the
    looks before that count, since predictions of NaN do not show what it suffered from before.
    """
    end = finite_steps(measured)
    finite = measured.metric if end == measured.steps else measured.metric[measured.looked < end]
    if len(finite) < 5:
        return "unsure"
    late = np.median(finite[-5:], axis=0)
    final = measured.final if end == measured.steps else late
    lowest, highest = np.fmin(final, late), np.fmax(final, late)
    answers: set[Answer] = set()
    for low, high, none, ref in zip(lowest, highest, measured.chance, measured.reference, strict=True):
        room = ref - none
        if not np.isfinite(room):
            answers.add("unsure")
            continue
        enough, little = (max(0.6 * room, 0.1), 0.2 * room) if room >= 0.1 else (0.3, 0.05)
        answers.add("yes" if low - none >= enough else "no" if high - none < little else "unsure")
    return answers.pop() if len(answers) == 1 else "unsure"


SYMPTOMS: Final[Mapping[str, Callable[[JudgedTraining], Sign]]] = {
    "non-finite": network_signs.non_finite,
    "no-gradient": network_signs.no_gradient,
    "dead-layer": network_signs.dead_layer,
    "vanishing-gradient": network_signs.vanishing_gradient,
    "exploding-gradient": network_signs.exploding_gradient,
    "dead-units": network_signs.dead_units,
    "saturated-activation": network_signs.saturated_activation,
    "loss-stalled": loss_signs.loss_stalled,
    "loss-diverging": loss_signs.loss_diverging,
    "loss-oscillating": loss_signs.loss_oscillating,
    "loss-spike": spike_signs.loss_spike,
    "gradient-spike": spike_signs.gradient_spike,
    "activation-spike": spike_signs.activation_spike,
}
"""The definitions. Symptoms without one are judged in healthy trainings only, where they are absent."""
