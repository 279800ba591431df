"""Transformers with LayerNormalization, AdamW, a linear warm-up and a cosine decay."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import STEPS, Fit
from tb_gradhealth.demo.zoo.sequences import VOCABULARY, topics
from tb_gradhealth.demo.zoo.tables import digit_rows
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def block(state: keras.KerasTensor, width: int, heads: int) -> keras.KerasTensor:
    """Attention and two dense layers, each after a normalization and with a skip connection."""
    normed = layers.LayerNormalization()(state)
    state = layers.Add()([state, layers.MultiHeadAttention(heads, width // heads)(normed, normed)])
    inner = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(state))
    return layers.Add()([state, layers.Dense(width)(inner)])


def _over(
    inputs: keras.KerasTensor, state: keras.KerasTensor, width: int, depth: int, classes: int
) -> keras.Model:
    for _ in range(depth):
        state = block(state, width, heads=2)
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(state))
    return keras.Model(inputs, layers.Dense(classes, name="logits")(pooled))


def of_tokens(width: int, depth: int) -> keras.Model:
    """Reads token numbers."""
    tokens = layers.Input((16,), dtype="int32")
    return _over(tokens, layers.Embedding(VOCABULARY, width)(tokens), width, depth, 4)


def of_rows(width: int, depth: int) -> keras.Model:
    """Reads an image row by row."""
    rows = layers.Input((8, 8))
    return _over(rows, layers.Dense(width)(rows), width, depth, 10)


def warmed_up() -> optimizers.Optimizer:
    """AdamW whose learning rate rises over 60 steps and then falls to zero."""
    schedule = optimizers.schedules.CosineDecay(1e-5, STEPS - 60, warmup_target=3e-3, warmup_steps=60)
    return optimizers.AdamW(schedule, weight_decay=1e-2)


VARIANTS = (
    ("tokens", partial(of_tokens, 16, 1), topics),
    ("tokens", partial(of_tokens, 24, 2), topics),
    ("rows", partial(of_rows, 24, 2), digit_rows),
    ("rows", partial(of_rows, 16, 3), digit_rows),
)

TRAININGS = [
    healthy(
        f"transformer_{name}_depth{network.args[1]}_seed{seed}",
        Fit(network, table, warmed_up, seed=seed),
        accuracy(0.7),
        seed,
    )
    for seed, (name, network, table) in enumerate(VARIANTS)
]
