"""Copies of trainings with other random numbers: weights, batches, dropout."""

from dataclasses import replace
from typing import Final

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.training import Training

HELD_OUT: Final = "held_out/"
"""Prefix of the names of trainings that are not used for tuning the rules."""

SHIFT: Final = 7000
"""Added to every seed."""


def reseeded(training: Training) -> Training:
    """A copy with other seeds; the label stays, since a fault is planted by construction."""
    train = training.train
    if isinstance(train, Fit | Loop):
        train = replace(train, seed=train.seed + SHIFT)
    case = replace(training.case, name=HELD_OUT + training.case.name)
    return replace(training, case=case, train=train, seed=training.seed + SHIFT)
