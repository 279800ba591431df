"""The same training with other random numbers: its weights, its batches, its dropout."""

from dataclasses import replace
from typing import Final

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.training import Training

HELD_OUT: Final = "held_out/"
"""Before the name of every training that is not looked at while the rules are tuned."""

SHIFT: Final = 7000
"""Added to every seed."""


def reseeded(training: Training) -> Training:
    """A twin with other seeds; the label is the same, for a fault is planted by construction."""
    train = training.train
    if isinstance(train, Fit | Loop):
        train = replace(train, seed=train.seed + SHIFT)
    case = replace(training.case, name=HELD_OUT + training.case.name)
    return replace(training, case=case, train=train, seed=training.seed + SHIFT)
