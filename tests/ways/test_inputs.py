"""Inputs and targets are rows in every form of training."""

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from by_hand import cross_entropy
from recorded import Recorded

import tb_gradhealth as gradhealth

layers = keras.layers


def share_of_constant(x):
    """The share of constant features in a batch [samples, ..., features], by definition."""
    columns = x.reshape(-1, x.shape[-1])
    return float(np.mean([len(set(column)) == 1 for column in columns.T]))


def spread(x):
    sizes = np.sqrt(np.mean(np.asarray(x, np.float64) ** 2, axis=0))
    return sizes.max() / np.median(sizes[sizes > 0])


def uneven_batches():
    """Features of different size, one of them constant, one always zero."""
    parts = networks.batches(6)
    for x, _ in parts:
        x *= np.array([1, 1e3, 0.02, 0, 1, 1], np.float32)
        x[:, 4] = 7.0
    return parts


@pytest.mark.parametrize("arguments", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=str)
def test_inputs_and_targets_in_fit(fit, arguments):
    parts = uneven_batches()
    run = fit(networks.classifier(), parts, **arguments)
    assert (run.tensors("input"), run.tensors("target")) == (["input"], ["target"])
    run.assert_row("input", "input", [x for x, _ in parts])
    run.assert_row("target", "target", [y for _, y in parts])
    run.assert_number("input", "input", [share_of_constant(x) for x, _ in parts], "constant_fraction")
    run.assert_number("input", "input", [spread(x) for x, _ in parts], "feature_spread")
    assert run.row("input", "input").shape == (-1, networks.FEATURES)
    assert run.row("target", "target").dtype.startswith("int")


def test_inputs_without_activations_are_the_data(log_dir):
    parts = networks.batches(4)
    model = networks.classifier()
    model.compile("sgd", cross_entropy, jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir, every=1, activations=False)
    model.fit(*networks.joined(parts), networks.BATCH, shuffle=False, verbose=0, callbacks=[callback])
    run = Recorded(log_dir)
    run.assert_row("input", "input", [x for x, _ in parts])
    assert run.tensors("activation") == []


def test_nan_in_the_data_is_counted_in_its_row(fit):
    parts = networks.batches(6)
    parts[3][0][2, 1] = np.nan
    parts[3][0][5, 0] = np.inf
    run = fit(networks.classifier(), parts)
    assert list(run.column("input", "input", "nan_count").values())[:6] == [0, 0, 0, 1, 0, 0]
    assert list(run.column("input", "input", "inf_count").values())[:6] == [0, 0, 0, 1, 0, 0]


def test_nan_in_the_data_between_records_trips_a_record(fit):
    parts = networks.batches(12)
    parts[5][0][7, 2] = np.nan
    run = fit(networks.classifier(), parts, every=10)
    assert run.column("input", "input", "nan_count")[5] == 1


def test_several_inputs_have_the_names_of_their_layers(log_dir):
    left, right = keras.Input((2,), name="query"), keras.Input((3,), name="answer")
    model = keras.Model([left, right], layers.Dense(1)(layers.Concatenate()([left, right])))
    model.compile("sgd", "mse", jit_compile=False)
    data = [np.ones((8, 2), np.float32), np.full((8, 3), 2, np.float32)]
    model.fit(data, np.zeros((8, 1)), verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    assert run.tensors("input") == ["query", "answer"]
    run.assert_number("input", "answer", [2.0])
    (joined,) = [name for name in run.tensors("activation") if name.startswith("concatenate")]
    assert run.row("activation", joined).inputs == ("query", "answer")


def test_several_targets_have_the_names_of_their_outputs(log_dir):
    entry = keras.Input((4,))
    outputs = {"price": layers.Dense(1, name="price")(entry), "kind": layers.Dense(3, name="kind")(entry)}
    model = keras.Model(entry, outputs)
    model.compile("sgd", {"price": "mse", "kind": cross_entropy}, jit_compile=False)
    y = {"price": np.full((8, 1), 5, np.float32), "kind": np.arange(8) % 3}
    model.fit(np.ones((8, 4)), y, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    assert sorted(run.tensors("target")) == ["kind", "price"]
    run.assert_number("target", "price", [5.0])


def test_indices_of_an_embedding_have_no_feature_statistics(log_dir):
    model = keras.Sequential(
        [keras.Input((5,), dtype="int32"), layers.Embedding(50, 4), layers.Flatten(), layers.Dense(3)]
    )
    model.compile("sgd", cross_entropy, jit_compile=False)
    x = np.random.default_rng(0).integers(1, 50, (16, 5))
    model.fit(x, x[:, 0] % 3, batch_size=16, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    run.assert_row("input", "input", [x])
    assert np.isnan(run.column("input", "input", "constant_fraction")[0])
    assert np.isnan(run.column("input", "input", "feature_spread")[0])


def test_text_is_a_row_with_a_reason(log_dir):
    hashing = layers.Hashing(20)
    entry = keras.Input((1,), dtype="string")
    model = keras.Model(entry, layers.Dense(3)(layers.Flatten()(layers.Embedding(20, 4)(hashing(entry)))))
    model.compile("sgd", cross_entropy, jit_compile=False)
    x = tf.constant([["a"], ["b"], ["c"], ["d"]])
    data = tf.data.Dataset.from_tensor_slices((x, [0, 1, 2, 0])).batch(4)
    model.fit(data, shuffle=False, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    assert Recorded(log_dir).reasons("input") == {"input": "dtype string is no number"}


def test_layer_named_input_keeps_its_name(log_dir):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, name="input")])
    model.compile("sgd", cross_entropy, jit_compile=False)
    model.fit(*networks.batches(1)[0], verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    assert (run.tensors("input"), run.tensors("activation")) == (["input_2"], ["input"])
    assert run.row("activation", "input").inputs == ("input_2",)


class Gan(keras.Model):
    """Two networks; the model itself is never called."""

    def __init__(self):
        super().__init__()
        dense = layers.Dense
        self.generator = keras.Sequential([keras.Input((2,)), dense(6, name="made")], name="generator")
        self.critic = keras.Sequential([keras.Input((6,)), dense(1, name="judged")], name="critic")

    def train_step(self, data):
        real = data[0] if isinstance(data, tuple) else data
        noise = tf.random.normal([tf.shape(real)[0], 2], seed=3)
        with tf.GradientTape() as tape:
            made = self.generator(noise)
            judged = self.critic(tf.concat([real, made], 0))
            loss = tf.reduce_mean(judged**2)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables, strict=True))
        return {"d_loss": loss, "g_loss": -loss}


def test_inputs_are_the_data_if_the_model_is_not_called(log_dir):
    model = Gan()
    model.compile("sgd", jit_compile=False)
    x = networks.batches(1)[0][0]
    model.fit(x, verbose=0, batch_size=8, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    run.assert_row("input", "input", [x])
    assert run.tensors("target") == []
    assert run.tensors("loss") == ["d_loss", "g_loss"]
    made, judged = run.tensors("activation")
    assert run.row("activation", judged).inputs == ("input", made)


def test_inputs_are_the_preprocessed_data_of_the_step(log_dir):
    class Scaling(keras.Sequential):
        def train_step(self, data):
            x, y = data
            return super().train_step((x / 100.0, y))

    model = Scaling([keras.Input((6,)), layers.Dense(3, name="out")])
    model.compile("sgd", cross_entropy, jit_compile=False)
    x, y = networks.batches(1)[0]
    model.fit(100 * x, y, verbose=0, batch_size=8, callbacks=[gradhealth.KerasCallback(log_dir)])
    run = Recorded(log_dir)
    assert run.tensors("input") == ["input"]
    run.assert_row("input", "input", [x])
    assert run.row("activation", "out").inputs == ("input",)


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
@pytest.mark.parametrize("way", ["recorder", "summary"])
def test_custom_loop_records_captured_inputs_and_given_targets(log_dir, run, way):
    model = networks.classifier()
    parts = networks.batches(3)

    @run
    def step(x, y, number):
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = cross_entropy(y, model(x))
        grads = zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        if way == "recorder":
            recorder.observe(grads, activations=activations, loss=loss, targets=y)
        else:
            gradhealth.summary(grads, activations=activations, loss=loss, targets=y, step=number, every=1)

    writer = (
        tf.summary.create_file_writer(str(log_dir)) if way == "summary" else tf.summary.create_noop_writer()
    )
    with gradhealth.Recorder(log_dir, every=1) as recorder, writer.as_default():
        for number, (x, y) in enumerate(parts):
            step(tf.constant(x), tf.constant(y), tf.constant(number, tf.int64))
            if way == "recorder":
                recorder.write(number)
    writer.close()
    recorded = Recorded(log_dir)
    recorded.assert_row("input", "input", [x for x, _ in parts])
    recorded.assert_row("target", "target", [y for _, y in parts])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign", "hard_sigmoid"])
def test_the_outer_fraction_is_counted(fit, activation):
    parts = networks.batches(5)
    for x, _ in parts:
        x *= 4.0
    model = networks.classifier(activation=activation)
    kernel, bias = (np.asarray(w, np.float64) for w in model.layers[0].get_weights())
    functions = {
        "tanh": np.tanh,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "softsign": lambda z: z / (1 + np.abs(z)),
        "hard_sigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    }
    run = fit(model, parts, keras.optimizers.SGD(0.0))
    expected = []
    for x, _ in parts:
        y = functions[activation](x.astype(np.float64) @ kernel + bias)
        low, high = (0.025, 0.975) if "sigmoid" in activation else (-0.95, 0.95)
        expected.append(np.mean((y < low) | (y > high)))
    run.assert_number("activation", "hidden", expected, "outer_fraction")
