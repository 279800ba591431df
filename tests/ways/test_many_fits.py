"""Many trainings in one process: each releases its variables, functions and graphs."""

import copy
import gc
import pickle
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded
from tensorflow.python.eager.polymorphic_function.concrete_function import ConcreteFunction
from tensorflow.python.framework.func_graph import FuncGraph
from tensorflow.python.framework.ops import EagerTensor
from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.tensorflow.observer import Observer

KINDS = (BaseResourceVariable, ConcreteFunction, FuncGraph, EagerTensor, Observer)
X = np.random.default_rng(0).normal(size=(48, 10)).astype(np.float32)


def network(units=8):
    layers = [keras.layers.Dense(units, activation="relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((10,)), *layers])
    model.compile("adam", "mse")
    return model


def fit(model, **arguments):
    model.fit(X, X[:, :1], batch_size=16, verbose=0, **arguments)


def live_objects():
    """The number of live objects of each type that can hold TensorFlow's memory."""
    gc.collect()
    return Counter(kind.__name__ for each in gc.get_objects() for kind in KINDS if isinstance(each, kind))


@pytest.mark.parametrize(
    "compiled", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=["plain", "xla", "eager"]
)
def test_fit_releases_its_variables_and_graphs_while_the_callback_exists(tmp_path, compiled):
    callbacks, counts = [], []
    for number in range(4):
        keras.backend.clear_session()
        model = network()
        model.compile("adam", "mse", **compiled)
        callbacks.append(gradhealth.KerasCallback(tmp_path / str(number), every=2))
        fit(model, callbacks=[callbacks[-1]])
        callbacks[-1].set_model(None)  # Keras sets it in every callback
        del model
        counts.append(live_objects())
    assert counts[1] == counts[2] == counts[3]
    assert all(callback.findings() is not None for callback in callbacks)


def test_callback_for_another_model_releases_the_previous_fit(tmp_path):
    callback, counts = gradhealth.KerasCallback(tmp_path, every=2), []
    for _ in range(4):
        keras.backend.clear_session()
        fit(network(), callbacks=[callback])
        counts.append(live_objects())
    assert counts[1] == counts[2] == counts[3]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
        lambda: keras.optimizers.Adam(gradient_accumulation_steps=2),
    ],
    ids=["loss scale", "accumulation"],
)
def test_optimizer_that_applies_gradients_in_a_condition_is_released(tmp_path, optimizer):
    counts = []
    for number in range(4):
        keras.backend.clear_session()
        model = network()
        model.compile(optimizer(), "mse")
        fit(model, callbacks=[gradhealth.KerasCallback(tmp_path / str(number), every=2)])
        del model
        counts.append(live_objects())
    assert counts[1] == counts[2] == counts[3]


def test_close_releases_the_variables_and_graphs_of_a_loop(tmp_path):
    recorders, counts = [], []
    for number in range(4):
        variable = tf.Variable(tf.ones([10, 1]))
        recorder = gradhealth.Recorder(tmp_path / str(number), every=2)
        recorders.append(recorder)

        @tf.function
        def step(x, variable=variable, recorder=recorder):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(x @ variable - 1))
            gradient = tape.gradient(loss, variable)
            variable.assign_sub(0.01 * gradient)
            recorder.observe([(gradient, variable)], loss=loss)

        with recorder:
            for count in range(5):
                step(X)
                recorder.write(count)
        del step, variable, recorder
        counts.append(live_objects())
    assert counts[1] == counts[2] == counts[3]


def test_custom_gradient_of_a_layer_is_kept_after_a_fit(tmp_path):
    @tf.custom_gradient
    def double_gradient(x):
        return tf.identity(x), lambda upstream: 2 * upstream

    @tf.function
    def traced(x):
        return double_gradient(x)

    model = keras.Sequential([keras.Input((10,)), keras.layers.Lambda(traced), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    fit(model, callbacks=[gradhealth.KerasCallback(tmp_path)])
    fit(model)
    x = tf.constant(X)

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = traced(x)
        return tape.gradient(y, x)

    np.testing.assert_array_equal(gradient(), np.full_like(X, 2))


def test_gradient_registered_by_name_is_kept_after_a_fit(tmp_path):
    @tf.RegisterGradient("TripledOnItsWayBack")
    def tripled(operation, *upstream):
        return [3 * each for each in upstream]

    def named(x):
        with tf.compat.v1.get_default_graph().gradient_override_map({"IdentityN": "TripledOnItsWayBack"}):
            return tf.identity_n([x])[0]

    model = keras.Sequential([keras.Input((10,)), keras.layers.Lambda(named), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    fit(model, callbacks=[gradhealth.KerasCallback(tmp_path)])
    x = tf.constant(X)

    @tf.function
    def gradient():
        return tf.gradients(named(x), [x])[0]

    np.testing.assert_array_equal(gradient(), np.full_like(X, 3))


class Labelled(gradhealth.KerasCallback):
    """A user's subclass of the callback."""

    label = None


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda used: pickle.loads(pickle.dumps(used))])
def test_copy_of_a_used_callback_is_a_new_one_with_its_settings(tmp_path, copied):
    used = Labelled(tmp_path, every=3, name="tuned", activations=False)
    used.label = "mine"
    fit(network(), callbacks=[used])
    fresh = copied(used)
    assert (fresh.label, fresh.model, list(fresh.findings())) == ("mine", None, [])
    for file in tmp_path.rglob("*tfevents*"):
        file.unlink()
    fit(network(), callbacks=[fresh], epochs=2)
    recorded = Recorded(tmp_path)
    assert recorded.steps == [0, 3]
    assert recorded.tensors("gradient")
    assert not recorded.tensors("activation")
    assert recorded.settings["every"] == 3
