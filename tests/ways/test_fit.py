"""`model.fit` records the numbers of a custom loop, for every type of model and execution."""

import by_hand
import keras
import networks
import numpy as np
import pytest
from by_hand import cross_entropy
from recorded import Recorded

import tb_gradhealth as gradhealth

layers = keras.layers


def functional():
    keras.utils.set_random_seed(3)
    entry = keras.Input((networks.FEATURES,))
    left = layers.Dense(5, "relu", name="left")(entry)
    right = layers.Dense(5, "tanh", name="right")(entry)
    return keras.Model(entry, layers.Dense(3, name="out")(layers.Add()([left, right])))


def nested():
    keras.utils.set_random_seed(3)
    inner = keras.Input((5,))
    block = keras.Model(inner, layers.Dense(5, "tanh", name="deep")(inner), name="block")
    return keras.Sequential(
        [
            keras.Input((networks.FEATURES,)),
            layers.Dense(5, "tanh", name="first"),
            block,
            layers.Dense(3, name="out"),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self):
        keras.utils.set_random_seed(3)
        super().__init__(name="own")
        self.last = layers.Dense(3, name="last")  # created first, called last
        self.first = layers.Dense(5, "tanh", name="first")

    def call(self, inputs):
        return self.last(self.first(inputs))


FORMS = {
    "sequential": networks.classifier,
    "functional": functional,
    "subclassed": Subclassed,
    "nested": nested,
}
EXECUTIONS = {
    "function": {},
    "run_eagerly": {"run_eagerly": True},
    "jit_compile": {"jit_compile": True},
    "steps_per_execution": {"steps_per_execution": 3},
}


def built(make):
    model = make()
    model(np.zeros([1, networks.FEATURES], np.float32))
    return model


@pytest.mark.parametrize("form", FORMS)
def test_every_model_type(fit, form):
    parts = networks.batches()
    recorded = fit(built(FORMS[form]), parts, keras.optimizers.Adam(0.01))
    assert recorded.steps == list(range(12))
    by_hand.train(built(FORMS[form]), keras.optimizers.Adam(0.01), parts).assert_matches(recorded)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_every_execution_mode(fit, execution):
    parts = networks.batches()
    recorded = fit(
        networks.classifier(), parts, keras.optimizers.Adam(0.01), every=3, **EXECUTIONS[execution]
    )
    assert recorded.steps == [0, 3, 6, 9]
    by_hand.train(networks.classifier(), keras.optimizers.Adam(0.01), parts).assert_matches(recorded)


def test_activations_are_the_layers_outputs(fit):
    parts = networks.batches()
    recorded = fit(networks.classifier(activation="relu"), parts, keras.optimizers.SGD(0.0))
    model = networks.classifier(activation="relu")
    hidden = [np.asarray(model.layers[0](x)) for x, _ in parts]
    recorded.assert_row("activation", "hidden", hidden)
    recorded.assert_row("activation", "out", [np.asarray(model.layers[1](x)) for x in hidden])


def test_train_on_batch_with_explicit_callback_calls(log_dir):
    parts = networks.batches()
    model = networks.classifier()
    model.compile(keras.optimizers.Adam(0.01), cross_entropy, jit_compile=False)
    callbacks = keras.callbacks.CallbackList([gradhealth.KerasCallback(log_dir, every=1)], model=model)
    callbacks.on_train_begin()
    for number, (x, y) in enumerate(parts):
        model.train_on_batch(x, y)
        callbacks.on_train_batch_end(number)
    callbacks.on_train_end()
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(12))
    by_hand.train(networks.classifier(), keras.optimizers.Adam(0.01), parts).assert_matches(recorded)


def test_several_outputs_with_a_loss_each(fit):
    def two_outputs():
        keras.utils.set_random_seed(3)
        entry = keras.Input((networks.FEATURES,))
        trunk = layers.Dense(5, "tanh", name="trunk")(entry)
        return keras.Model(entry, [layers.Dense(3, name="kind")(trunk), layers.Dense(1, name="size")(trunk)])

    def loss_of(model, x, y):
        kind, size = model(x, training=True)
        return cross_entropy(y[0], kind) + 0.5 * keras.losses.MeanSquaredError()(y[1], size)

    parts = [(x, [y, np.float32(y[:, None])]) for x, y in networks.batches()]
    model = two_outputs()
    model.compile("sgd", [cross_entropy, "mse"], loss_weights=[1.0, 0.5], jit_compile=False)
    recorded = fit(model, parts, loss=None)
    by_hand.train(two_outputs(), keras.optimizers.SGD(), parts, loss_of).assert_matches(recorded)
    assert [recorded.row("activation", name).output for name in ("trunk", "kind", "size")] == [
        False,
        True,
        True,
    ]
