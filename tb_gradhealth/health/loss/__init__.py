"""Whether the training gets anywhere: the loss against its own past, its epochs and a constant prediction."""

from tb_gradhealth.health.loss.outcome import COMPARED, LEARNED, WINDOW, Losses, LossTrend, Outcome
from tb_gradhealth.health.loss.skill import CHANCE, SOLVED, References, with_references

__all__ = [
    "CHANCE",
    "COMPARED",
    "LEARNED",
    "SOLVED",
    "WINDOW",
    "LossTrend",
    "Losses",
    "Outcome",
    "References",
    "with_references",
]
