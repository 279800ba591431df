"""Recording does not affect a training: equal results, restored objects, helpful errors."""

import gc

import by_hand
import failing
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth


class NoRecorder:
    """A recorder that does nothing."""

    def observe(self, *arguments, **named):
        pass

    def write(self, step):
        pass


def stochastic():
    """A network whose training draws random numbers and updates moving averages."""
    layers = keras.layers
    noise = [layers.Dropout(0.3, seed=1), layers.GaussianNoise(0.1, seed=2)]
    return networks.classifier(layers.BatchNormalization(name="norm"), *noise, activation="relu")


def trained(recorder, run):
    """Train in a loop; return losses and weights."""
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
def test_loop_is_bit_identical_without_the_recorder(log_dir, run):
    with gradhealth.Recorder(log_dir, every=3) as recorder:
        observed = trained(recorder, run)
    for plain, watched in zip(trained(NoRecorder(), run), observed, strict=True):
        np.testing.assert_array_equal(plain, watched)


def test_compiled_loop_differs_by_rounding_only(log_dir):
    """XLA fuses measured operations differently; after twelve steps of Adam some last bits may differ."""

    def run(step):
        return tf.function(step, jit_compile=True)

    with gradhealth.Recorder(log_dir, every=3) as recorder:
        observed = trained(recorder, run)
    for plain, watched in zip(trained(NoRecorder(), run), observed, strict=True):
        np.testing.assert_allclose(plain, watched, rtol=1e-4, atol=1e-6)


def test_fit_is_bit_identical_without_the_callback(log_dir):
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
    """The instance attributes of the objects that are wrapped during the training."""
    return {id(each): set(vars(each)) for each in (model, model.optimizer, *model.layers)}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_model_is_restored_after_training(log_dir, jit_compile):
    model = stochastic()
    model.compile("adam", by_hand.cross_entropy, jit_compile=jit_compile)
    x, y = networks.joined(networks.batches(2))
    model.fit(x, y, 8, verbose=0)
    before = own_attributes(model)
    model.fit(x, y, 8, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    assert own_attributes(model) == before


def test_unwritable_log_directory_warns_once_and_the_training_continues(tmp_path):
    (tmp_path / "file").write_text("in the way")
    x, y = networks.joined(networks.batches())
    model = networks.classifier()
    model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
    callback = gradhealth.KerasCallback(tmp_path / "file", every=1)
    with pytest.warns(RuntimeWarning, match="cannot write to .*training goes on") as caught:
        model.fit(x, y, 8, shuffle=False, verbose=0, callbacks=[callback])
    assert len(caught) == 1
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), networks.batches())
    np.testing.assert_allclose(model.layers[0].kernel, expected.weights["hidden/kernel"][-1], rtol=1e-5)


@pytest.mark.parametrize("fail", failing.IN_FIT)
def test_model_is_restored_after_an_exception(log_dir, fail):
    """Keras does not call `on_train_end` then."""
    model = networks.classifier()
    model.compile("sgd", by_hand.cross_entropy, jit_compile=False)
    model.fit(*networks.batches(1)[0], verbose=0)
    original = [model.train_step, model.compute_loss, *[layer.call for layer in model.layers]]
    with pytest.raises(Exception, match="planted"):
        fail(model, log_dir)
    gc.collect()
    assert [model.train_step, model.compute_loss, *[layer.call for layer in model.layers]] == original
    assert "apply" not in vars(model.optimizer)


class Arguments:
    """Variables and their gradients, and both ways to record them."""

    def __init__(self, log_dir):
        self.variables = networks.classifier().trainable_variables
        self.grads = [tf.ones(variable.shape) for variable in self.variables]
        self._log_dir = log_dir

    def to_summary(self, pairs):
        with tf.summary.create_file_writer(str(self._log_dir)).as_default():
            gradhealth.summary(pairs, step=0)

    def to_recorder(self, pairs):
        gradhealth.Recorder(self._log_dir).observe(pairs)


@pytest.mark.parametrize("way", ["to_summary", "to_recorder"])
def test_gradients_and_variables_that_are_not_zipped_raise(log_dir, way):
    arguments = Arguments(log_dir)
    with pytest.raises((TypeError, ValueError), match=r"zip\(grads, variables\)"):
        getattr(arguments, way)((arguments.grads, arguments.variables))


@pytest.mark.parametrize("way", ["to_summary", "to_recorder"])
def test_gradient_of_another_shape_raises_with_its_name(log_dir, way):
    """If one list is shorter, `zip` pairs a gradient with the wrong variable."""
    arguments = Arguments(log_dir)
    with pytest.raises(ValueError, match=r"hidden/bias.*shape"):
        getattr(arguments, way)(zip(arguments.grads, arguments.variables[1:], strict=False))


@pytest.mark.parametrize("way", ["to_summary", "to_recorder"])
def test_variables_of_an_unbuilt_model_raise(log_dir, way):
    """Before its first call, a model has no variables."""
    model = keras.Sequential([keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="build"):
        getattr(Arguments(log_dir), way)(zip([], model.trainable_variables, strict=True))
