"""A training does not notice us: the same numbers in the end, the same objects, errors that help."""

import by_hand
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth


class Silent:
    """In the place of a recorder: watches nothing."""

    def observe(self, *arguments, **named):
        pass

    def write(self, step):
        pass


def stochastic():
    """A network whose training draws random numbers and keeps moving averages."""
    layers = keras.layers
    noise = [layers.Dropout(0.3, seed=1), layers.GaussianNoise(0.1, seed=2)]
    return networks.classifier(layers.BatchNormalization(name="norm"), *noise, activation="relu")


def trained(recorder, run):
    """Losses and weights of a loop."""
    model, optimizer = stochastic(), keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)

    @run
    def step(x, y):
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        recorder.observe(
            zip(grads, model.trainable_variables, strict=True), activations=activations, loss=loss
        )
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        return loss

    losses = []
    for number, (x, y) in enumerate(networks.batches()):
        losses.append(step(tf.constant(x), tf.constant(y)).numpy())
        recorder.write(number)
    return [np.stack(losses), *model.get_weights(), *(v.numpy() for v in optimizer.variables)]


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
def test_a_loop_ends_bit_for_bit_where_it_would_without_us(log_dir, run):
    with gradhealth.Recorder(log_dir, every=3) as recorder:
        observed = trained(recorder, run)
    for plain, watched in zip(trained(Silent(), run), observed, strict=True):
        np.testing.assert_array_equal(plain, watched)


def test_a_compiled_loop_differs_by_rounding_only(log_dir):
    """XLA fuses anew what is also measured; twelve steps of Adam later a few last bits may differ."""

    def run(step):
        return tf.function(step, jit_compile=True)

    with gradhealth.Recorder(log_dir, every=3) as recorder:
        observed = trained(recorder, run)
    for plain, watched in zip(trained(Silent(), run), observed, strict=True):
        np.testing.assert_allclose(plain, watched, rtol=1e-4, atol=1e-6)


def test_fit_ends_bit_for_bit_where_it_would_without_us(log_dir):
    x, y = networks.joined(networks.batches())
    results = []
    for callbacks in ([], [gradhealth.KerasCallback(log_dir, every=3)]):
        model = stochastic()
        optimizer = keras.optimizers.AdamW(0.01, clipnorm=0.5, weight_decay=0.1, use_ema=True)
        model.compile(optimizer, by_hand.cross_entropy, jit_compile=False)
        history = model.fit(x, y, 8, epochs=2, verbose=0, shuffle=True, callbacks=callbacks)
        results.append([history.history["loss"], *model.get_weights(), *map(np.asarray, optimizer.variables)])
    for plain, watched in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, watched)


def own_attributes(model):
    """What the objects that are wrapped while training hold themselves, not by their class."""
    return {id(each): set(vars(each)) for each in (model, model.optimizer, *model.layers)}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_model_is_its_own_again_after_training(log_dir, jit_compile):
    model = stochastic()
    model.compile("adam", by_hand.cross_entropy, jit_compile=jit_compile)
    x, y = networks.joined(networks.batches(2))
    model.fit(x, y, 8, verbose=0)
    before = own_attributes(model)
    model.fit(x, y, 8, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    assert own_attributes(model) == before


def test_a_log_directory_that_cannot_be_written_costs_one_warning_and_no_training(tmp_path):
    (tmp_path / "file").write_text("in the way")
    x, y = networks.joined(networks.batches())
    model = networks.classifier()
    model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
    callback = gradhealth.KerasCallback(tmp_path / "file", every=1)
    with pytest.warns(RuntimeWarning, match="cannot write to .*training goes on") as told:
        model.fit(x, y, 8, shuffle=False, verbose=0, callbacks=[callback])
    assert len(told) == 1
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), networks.batches())
    np.testing.assert_allclose(model.layers[0].kernel, expected.weights["hidden/kernel"][-1], rtol=1e-5)
