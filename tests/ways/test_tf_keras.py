"""Models of tf_keras 2.x (Keras 2): `summary` and `Recorder` without the callback."""

import by_hand
import networks
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from recorded import Recorded

import tb_gradhealth as gradhealth


def make_model():
    tf_keras.utils.set_random_seed(4)
    dense = tf_keras.layers.Dense
    return tf_keras.Sequential(
        [
            tf_keras.Input((networks.FEATURES,)),
            dense(5, "relu", name="hidden"),
            tf_keras.layers.BatchNormalization(name="norm"),
            dense(networks.CLASSES, name="out"),
        ]
    )


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
def test_gradients_weights_and_loss(log_dir, run):
    parts = networks.batches()
    model, optimizer = make_model(), tf_keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)
    writer = tf.summary.create_file_writer(str(log_dir))

    @run
    def step(x, y, number):
        with tf.GradientTape() as tape:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        with writer.as_default():
            pairs = zip(grads, model.trainable_variables, strict=True)
            gradhealth.summary(pairs, loss=loss, step=number, every=3)

    for number, (x, y) in enumerate(parts):
        step(tf.constant(x), tf.constant(y), tf.constant(number, tf.int64))
    writer.close()
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 3, 6, 9]
    by_hand.train(make_model(), tf_keras.optimizers.Adam(0.01), parts).assert_matches(recorded)
    assert [recorded.row("gradient", f"norm/{name}").role for name in ("gamma", "beta")] == ["norm", "norm"]


def captured(model, x):
    with gradhealth.capture(model) as activations:
        model(x)
    return activations


def given_by_name(model, x):
    return {"hidden": model.get_layer("hidden")(x)}


@pytest.mark.parametrize("activations_of", [captured, given_by_name])
def test_activations(log_dir, activations_of):
    parts = networks.batches(4)
    model = make_model()
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        for number, (x, _) in enumerate(parts):
            recorder.observe([], activations=activations_of(model, x))
            recorder.write(number)
    expected = [np.asarray(model.get_layer("hidden")(x)) for x, _ in parts]
    Recorded(log_dir).assert_row("activation", "hidden", expected)
