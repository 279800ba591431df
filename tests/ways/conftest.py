"""Fixtures of the trainings: a log directory, and a `fit` that returns the recorded run."""

import keras
import networks
import pytest
from by_hand import cross_entropy
from recorded import Recorded

import tb_gradhealth as gradhealth


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "ways":
            item.add_marker(pytest.mark.training)


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def fit(log_dir):
    """Trains a model on batches in `model.fit` with the callback, and returns the recorded run."""

    def fit(model, parts, optimizer="sgd", every=1, loss=cross_entropy, epochs=1, callbacks=(), **arguments):
        if loss is not None:
            model.compile(optimizer, loss, **{"jit_compile": False, **arguments})
        x, y = networks.joined(parts)
        batch = len(keras.tree.flatten(parts[0])[0])
        callback = gradhealth.KerasCallback(log_dir, every=every)
        model.fit(
            x,
            y,
            batch_size=batch,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[callback, *callbacks],
        )
        return Recorded(log_dir)

    return fit
