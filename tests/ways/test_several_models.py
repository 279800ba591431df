"""Several models in one process: each run has its own numbers."""

import by_hand
import keras
import networks
from recorded import Recorded

import tb_gradhealth as gradhealth


def test_two_models_trained_alternately_epoch_by_epoch(log_dir):
    parts = networks.batches(4)
    x, y = networks.joined(parts)
    trained = {}
    for name, seed in (("a", 1), ("b", 2)):
        model = networks.classifier(seed=seed)
        model.compile(keras.optimizers.Adam(0.01), by_hand.cross_entropy, jit_compile=False)
        trained[name] = model, gradhealth.KerasCallback(log_dir / name, every=1)
    for _ in range(2):
        for model, callback in trained.values():
            model.fit(x, y, networks.BATCH, epochs=1, shuffle=False, verbose=0, callbacks=[callback])
    for name, seed in (("a", 1), ("b", 2)):
        recorded = Recorded(log_dir, run=name)
        assert recorded.steps == list(range(8))
        expected = by_hand.train(networks.classifier(seed=seed), keras.optimizers.Adam(0.01), parts * 2)
        # The first step of each fit has no update.
        expected.assert_matches(recorded, kinds="gradient weight loss")


def test_callback_used_for_another_model_measures_that_model(log_dir):
    parts = networks.batches(4)
    x, y = networks.joined(parts)
    callback = gradhealth.KerasCallback(log_dir, every=1)
    for seed in (1, 2):
        model = networks.classifier(seed=seed)
        model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
        model.fit(x, y, networks.BATCH, shuffle=False, verbose=0, callbacks=[callback])
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(8))
    first, second = (
        by_hand.train(networks.classifier(seed=seed), keras.optimizers.SGD(), parts) for seed in (1, 2)
    )
    for name, values in first.gradients.items():
        recorded.assert_row("gradient", name, values + second.gradients[name])
