"""Token embeddings, averaged, then dense layers: rows that a batch does not touch have no gradient."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import VOCABULARY, topics
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def network(width: int, hidden: int) -> keras.Model:
    """An embedding, the mean over the tokens, one hidden layer."""
    return keras.Sequential(
        [
            layers.Input((16,), dtype="int32"),
            layers.Embedding(VOCABULARY, width),
            layers.GlobalAveragePooling1D(),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(4, name="logits"),
        ]
    )


VARIANTS = (
    (8, 16, partial(optimizers.Adam, 5e-3)),
    (16, 32, partial(optimizers.Adam, 3e-3)),
    (32, 32, partial(optimizers.RMSprop, 3e-3)),
    (24, 48, partial(optimizers.Nadam, 3e-3)),
)

TRAININGS = [
    healthy(
        f"embedding_mlp_width{width}_seed{seed}",
        Fit(partial(network, width, hidden), topics, optimizer, seed=seed),
        accuracy(0.7),
        seed,
    )
    for seed, (width, hidden, optimizer) in enumerate(VARIANTS)
]
