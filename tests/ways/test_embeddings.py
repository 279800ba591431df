"""Sparse gradients of embeddings are measured over the rows that the batch touched."""

import by_hand
import keras
import numpy as np
import pytest

WORDS, LENGTH = 30, 4


def make_model():
    keras.utils.set_random_seed(6)
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            keras.layers.Embedding(WORDS, 5, name="words"),
            keras.layers.GlobalAveragePooling1D(name="average"),
            keras.layers.Dense(3, name="out"),
        ]
    )


@pytest.fixture
def texts():
    """Batches of sentences; each batch uses more of the first twenty words than the previous one."""
    random = np.random.default_rng(1)
    return [(random.integers(0, 8 + 2 * n, (6, LENGTH)), random.integers(0, 3, 6)) for n in range(6)]


def touched(gradients, texts):
    return [gradient[np.unique(x)] for gradient, (x, _) in zip(gradients, texts, strict=True)]


@pytest.mark.parametrize("execution", [{"jit_compile": False}, {"jit_compile": True}], ids=str)
def test_a_sparse_gradient_is_measured_on_its_touched_rows(fit, texts, execution):
    recorded = fit(make_model(), texts, keras.optimizers.SGD(0.5), **execution)
    expected = by_hand.train(make_model(), keras.optimizers.SGD(0.5), texts)
    gradients = touched(expected.gradients["words/embeddings"], texts)
    recorded.assert_row("gradient", "words/embeddings", gradients)
    recorded.assert_row("gradient", "out/kernel", expected.gradients["out/kernel"])
    recorded.assert_row("weight", "words/embeddings", expected.weights["words/embeddings"])
    assert recorded.row("gradient", "words/embeddings").role == "embedding"


def test_rows_that_no_batch_touched_are_counted(fit, texts):
    recorded = fit(make_model(), texts, keras.optimizers.SGD(0.5), every=2)
    used, untouched = set(), []
    for x, _ in texts:
        used |= set(x.flat)
        untouched.append(1 - len(used) / WORDS)
    recorded.assert_number("gradient", "words/embeddings", untouched, column="untouched_fraction")
    assert np.isnan(list(recorded.column("gradient", "out/kernel", "untouched_fraction").values())).all()
