"""The outcome of the loss: whether the training learns.

``outcome`` compares the loss with its own past; ``skill`` compares it with a constant prediction and the
epochs.
"""

from tb_gradhealth.health.loss.outcome import COMPARED, LEARNED, WINDOW, Losses, LossTrend, Outcome
from tb_gradhealth.health.loss.skill import CHANCE_SKILL, SOLVED_SKILL, References, with_references

__all__ = [
    "CHANCE_SKILL",
    "COMPARED",
    "LEARNED",
    "SOLVED_SKILL",
    "WINDOW",
    "LossTrend",
    "Losses",
    "Outcome",
    "References",
    "with_references",
]
