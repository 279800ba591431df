"""The measured truth about a random training as a case for the score."""

from pathlib import Path
from typing import Final

from tb_gradhealth.demo.random_zoo.measurements import FILE, Measurements
from tb_gradhealth.demo.random_zoo.truth import SYMPTOMS, Truth, truth_of
from tb_gradhealth.scoring import Case, Fault
from tb_gradhealth.scoring.case import SYMPTOM_IDS

UNJUDGED: Final = SYMPTOM_IDS - set(SYMPTOMS)
"""Symptoms that the probe does not judge."""


def truth_in(folder: Path) -> Truth:
    """The truth about the training whose measurements are in a folder."""
    return truth_of(Measurements.load(folder / FILE))


def case_of(name: str, truth: Truth) -> Case:
    """The case: what must be found, and what is neither right nor wrong."""
    faults = tuple(Fault(symptom, sign.since) for symptom, sign in truth.of_degree("certain").items())
    grey = frozenset(truth.of_degree("possible"))
    if truth.healthy:
        return Case(name, measured=True)
    return Case(name, faults, grey | UNJUDGED, measured=True, undecided=not faults)
