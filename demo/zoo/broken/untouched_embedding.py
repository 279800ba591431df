"""Vocabularies that are larger than the text: rows of the embedding that no batch ever touches."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import VOCABULARY, topics
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault


def network(times: int) -> keras.Model:
    """An embedding ``times`` as large as the vocabulary that occurs."""
    return keras.Sequential(
        [
            layers.Input((16,), dtype="int32"),
            layers.Embedding(times * VOCABULARY, 12, name="tokens"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(16, activation="relu", name="hidden"),
            layers.Dense(4, name="logits"),
        ]
    )


TRAININGS = [
    broken(
        f"untouched_embedding{times}_seed{seed}",
        Fit(partial(network, times), topics, partial(optimizers.Adam, 5e-3), seed=seed),
        # It does no harm: the network learns, and unused rows need no gradient.
        Fault("untouched-embedding", 0, "tokens", dose, minimum_severity="info"),
        seed=seed,
    )
    for seed, (times, dose) in enumerate(((2, "barely"), (10, "clearly"), (100, "badly")))
]
