"""Symptom untouched-embedding: rows of an embedding that no batch has used."""

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
from tb_gradhealth.health.results import INFO, percent


@dataclass(frozen=True)
class UntouchedEmbeddingLimits(Limits):
    """Share of an embedding's rows, and the steps before it is judged."""

    threshold: float = limit(0.25, "share of rows that no gradient ever touched", maximum=1)
    steps: int = limit(100, "steps before it is judged")


class UntouchedEmbedding(Symptom[UntouchedEmbeddingLimits]):
    """Share of an embedding's rows that no gradient has touched since the start; always information.

    Vocabularies have long tails and padding, so this is no fault. It explains why rare words stay random, and
    shows a vocabulary that does not match its data.
    """

    id = "untouched-embedding"
    title = "Untouched embedding rows"
    meaning = "Many rows of this embedding were never trained: they still hold their random first values."
    causes = (
        "A vocabulary much larger than what the data holds.",
        "Indices that are shifted or hashed into a part of the table only.",
        "A training that is still young.",
    )
    advice = (
        "Compare the range of indices in the data with the size of the table.",
        "Shrink the vocabulary, or share rows for rare words.",
    )
    measure = "rows that no gradient ever touched / rows"
    needs = "its gradient is not sparse, or the training is young"
    statistic = "untouched_fraction"
    labels = Labels("share of untouched rows", "share of untouched rows")
    unit = "share"
    judges = ()
    limits_type = UntouchedEmbeddingLimits
    weighed_by_loss = False

    def __init__(self, limits: UntouchedEmbeddingLimits) -> None:
        super().__init__(limits)
        self._first_step: int | None = None

    def scope(self, structure: Structure) -> Scope:
        """Embeddings."""
        embedding = structure.roles["embedding"]
        return Scope(structure.kinds["gradient"] & embedding, {})

    def observe(self, view: View) -> Judgement:
        """Judge after the first steps."""
        self._first_step = int(view.steps[0]) if self._first_step is None else self._first_step
        early = view.steps - self._first_step < self.limits.steps
        value = np.where(early[:, None], np.nan, view.column("untouched_fraction"))
        return judgement(value, self.limits.threshold, INFO)

    def message(self, facts: Facts) -> str:
        """How many rows were never touched."""
        rows = f" {facts.row.shape[0]:,}" if facts.row.shape else ""
        return (
            f"{percent(facts.value)} of the{rows} rows of {facts.row.tensor} had received no gradient "
            f"by step {facts.peak_step:,}; {percent(facts.threshold)} is worth knowing."
        )
