"""Updates with momentum, decay, averaging and accumulation are the changes of the weights."""

import itertools

import by_hand
import keras
import networks
import numpy as np
import pytest

SGD = keras.optimizers.SGD


class Weights(keras.callbacks.Callback):
    """Stores the model's weights before the training and after every step."""

    def __init__(self):
        super().__init__()
        self.noted = []

    def on_train_begin(self, logs=None):
        self._note()

    def on_train_batch_end(self, batch, logs=None):
        self._note()

    def _note(self):
        self.noted.append({name: v.numpy() for name, v in by_hand.names_of(self.model).items()})

    def updates(self, name):
        """The weight after each step minus the weight before it."""
        values = [weights[name] for weights in self.noted]
        return [now - before for before, now in itertools.pairwise(values)]


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (SGD, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
        (keras.optimizers.AdamW, {"learning_rate": 0.01, "weight_decay": 0.5}),
        (SGD, {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}),
        (keras.optimizers.RMSprop, {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, 8)}),
    ],
    ids=["momentum", "weight_decay", "ema", "schedule"],
)
def test_update_is_the_whole_change_of_the_weights(fit, cls, arguments):
    parts, weights = networks.batches(), Weights()
    recorded = fit(networks.classifier(), parts, cls(**arguments), callbacks=[weights])
    by_hand.train(networks.classifier(), cls(**arguments), parts).assert_matches(recorded)
    for name in recorded.tensors("update"):
        recorded.assert_row("update", name, weights.updates(name), rtol=1e-3, first=1)


def test_weight_decay_alone_equals_its_closed_form(fit):
    """With a loss that does not depend on the weights, Δw = -lr · decay · w."""
    nothing = keras.losses.MeanSquaredError()
    parts = [(np.zeros_like(x), np.zeros([len(x), networks.CLASSES])) for x, _ in networks.batches(5)]
    recorded = fit(networks.classifier(), parts, SGD(0.1, weight_decay=0.2), loss=nothing)
    kernel = networks.classifier().get_layer("hidden").kernel.numpy()
    shrunk = [-0.02 * kernel * 0.98**step for step in range(5)]
    recorded.assert_row("update", "hidden/kernel", shrunk, rtol=1e-3, first=1)
    assert set(recorded.column("gradient", "hidden/kernel", "rms").values()) == {0}


def test_accumulated_gradients_are_those_of_each_call(fit):
    parts = networks.batches()
    recorded = fit(networks.classifier(), parts, SGD(0.5, gradient_accumulation_steps=4))
    expected = by_hand.train(networks.classifier(), SGD(0.5, gradient_accumulation_steps=4), parts)
    expected.assert_matches(recorded, kinds="gradient weight loss")


def test_update_with_accumulation_is_that_of_one_application(fit):
    """The weights change once in any four consecutive calls."""
    parts, weights = networks.batches(), Weights()
    accumulating = SGD(0.5, gradient_accumulation_steps=4)
    recorded = fit(networks.classifier(), parts, accumulating, every=3, callbacks=[weights])
    assert recorded.steps == [0, 3, 6, 9]
    for name in recorded.tensors("update"):
        single = weights.updates(name)
        over_four = [np.sum(single[max(0, step - 3) : step + 1], axis=0) for step in range(len(parts))]
        recorded.assert_row("update", name, over_four, rtol=1e-3, first=4)


def test_second_fit_in_the_middle_of_an_accumulation_keeps_steps_and_updates(fit):
    parts, model = networks.batches(14), networks.classifier()
    first, second = Weights(), Weights()
    fit(model, parts[:6], SGD(0.5, gradient_accumulation_steps=4), every=3, callbacks=[first])
    recorded = fit(model, parts[6:], every=3, loss=None, callbacks=[second])
    assert recorded.steps == [0, 3, 6, 9, 12]
    later = [record for record in recorded.records if record.step in (9, 12)]
    assert len(later) == 2
    for name in recorded.tensors("update"):
        measured = recorded.column("update", name, "rms")
        single = first.updates(name) + second.updates(name)
        for step in (9, 12):  # the second fit's calls 0 to 3 and 3 to 6 hold the updates of steps 7 and 11
            over_four = np.sum(single[step - 3 : step + 1], axis=0)
            assert measured[step] == pytest.approx(np.sqrt(np.mean(np.square(over_four))), rel=1e-3)
            assert measured[step] > 0
