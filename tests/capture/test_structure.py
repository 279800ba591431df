"""Names, roles, layers and order of a model's tensors, and the activations of its layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.tensorflow.selecting.selection import StepTensors, select
from tb_gradhealth.capture.tensorflow.selecting.structure import activation_name, role_of

layers = keras.layers


def rows_of(model, *inputs, **arguments):
    with gradhealth.capture(model) as activations:
        model(*inputs, **arguments)
    variables = model.trainable_variables
    pairs = [(tf.zeros(v.shape), v) for v in variables]
    return select(StepTensors(pairs, None, activations, tf.constant(1.0))).rows


def table(rows, kind):
    return [
        (row.tensor, row.layer, row.depth, row.activation, row.output) for row in rows if row.kind == kind
    ]


def test_a_sequential_model_is_named_in_forward_order():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, name="dense"),
            layers.Softmax(name="softmax"),
        ]
    )
    rows = rows_of(model, tf.zeros([2, 8, 8, 3]))
    assert table(rows, "gradient") == [
        ("conv/kernel", "conv", 0, "relu", False),
        ("conv/bias", "conv", 0, "relu", False),
        ("dense/kernel", "dense", 1, "linear", True),
        ("dense/bias", "dense", 1, "linear", True),
    ]
    assert table(rows, "activation") == [
        ("conv", "conv", 0, "relu", False),
        ("dense", "dense", 1, "linear", True),
        ("softmax", "softmax", 2, "softmax", True),
    ]
    assert [row.kind for row in rows] == ["gradient"] * 4 + ["weight"] * 4 + ["update"] * 4 + ["input"] + [
        "activation"
    ] * 3 + ["loss"]
    assert rows[0].shape == (3, 3, 3, 4)
    assert rows[12].shape == (-1, 8, 8, 3)
    assert rows[13].shape == (-1, 6, 6, 4)


def test_layers_of_the_same_name_in_nested_models_have_unique_names():
    def block(name):
        inner = keras.Input((4,))
        return keras.Model(inner, layers.Dense(4, name="dense")(inner), name=name)

    entry = keras.Input((4,))
    model = keras.Model(entry, block("second")(block("first")(entry)))
    rows = rows_of(model, tf.zeros([2, 4]))
    assert table(rows, "activation") == [
        ("dense", "dense", 0, "linear", False),
        ("dense_2", "dense_2", 1, "linear", True),
    ]
    assert [row[:3] for row in table(rows, "gradient")][::2] == [
        ("dense/kernel", "dense", 0),
        ("dense/kernel_2", "dense_2", 1),
    ]


def test_depth_is_the_order_of_calls():
    class Backwards(keras.Model):
        def __init__(self):
            super().__init__(name="backwards")
            self.last = layers.Dense(2, name="last")
            self.first = layers.Dense(2, name="first")

        def call(self, inputs):
            return self.last(self.first(inputs))

    rows = rows_of(Backwards(), tf.zeros([1, 2]))
    assert [(row.tensor, row.depth) for row in rows if row.kind == "weight" and row.role == "kernel"] == [
        ("last/kernel", 1),
        ("first/kernel", 0),
    ]


def test_a_recurrent_layer_counts_as_one_and_a_shared_layer_by_its_calls():
    shared = layers.Dense(3, name="shared")
    entry = keras.Input((5, 3))
    model = keras.Model(entry, layers.LSTM(2, name="lstm")(shared(shared(entry))))
    rows = rows_of(model, tf.zeros([1, 5, 3]))
    assert [row[0] for row in table(rows, "activation")] == ["shared", "shared_2", "lstm"]
    roles = {row.tensor: (row.layer, row.role) for row in rows if row.kind == "gradient"}
    assert roles["lstm/lstm_cell/recurrent_kernel"] == ("lstm", "recurrent")
    assert roles["lstm/lstm_cell/kernel"] == ("lstm", "kernel")


def test_plain_variables_have_unique_names():
    variables = [
        tf.Variable(tf.zeros([2, 2]), name="w"),
        tf.Variable(tf.zeros([2]), name="b"),
        tf.Variable([0.0], name="w"),
    ]
    pairs = [(tf.zeros(v.shape), v) for v in variables]
    rows = select(StepTensors(pairs, (), {"hidden": tf.zeros([3, 2])}, None)).rows
    assert [(row.tensor, row.role) for row in rows] == [
        ("w", "kernel"),
        ("b", "bias"),
        ("w_2", "kernel"),
        ("hidden", "activation"),
    ]


def test_names_omit_the_model_name_without_captured_activations():
    model = keras.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="b")], name="net")
    model.build((None, 2))
    rows = select(StepTensors([(None, v) for v in model.trainable_variables], (), None, None)).rows
    assert [(row.tensor, row.depth) for row in rows] == [
        ("a/kernel", 0),
        ("a/bias", 0),
        ("b/kernel", 1),
        ("b/bias", 1),
    ]


@pytest.mark.parametrize(
    ("name", "rank", "role"),
    [
        ("dense/kernel", 2, "kernel"),
        ("conv/depthwise_kernel", 4, "kernel"),
        ("gru/gru_cell/recurrent_kernel", 2, "recurrent"),
        ("embedding/embeddings", 2, "embedding"),
        ("dense/bias", 1, "bias"),
        ("norm/gamma", 1, "norm"),
        ("dense/lora_kernel_a", 2, "other"),
        ("temperature", 0, "other"),
    ],
)
def test_roles(name, rank, role):
    assert role_of(name, rank) == role


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (layers.ReLU(), "relu"),
        (layers.ReLU(negative_slope=0.1), "leaky_relu"),
        (layers.LeakyReLU(), "leaky_relu"),
        (layers.Activation("relu6"), "relu6"),
        (layers.Dense(1, activation="sigmoid"), "sigmoid"),
        (layers.Dense(1), "linear"),
        (layers.BatchNormalization(), ""),
    ],
)
def test_activation_names(layer, name):
    assert activation_name(layer) == name


def test_capture_restores_every_layer_even_when_the_block_raises():
    model = keras.Sequential([layers.Dense(2), layers.Dense(2)])
    model.layers[1].call = own = lambda inputs: inputs

    def interrupted():
        with gradhealth.capture(model):
            assert "call" in vars(model.layers[0])
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert "call" not in vars(model.layers[0])
    assert vars(model.layers[1])["call"] is own


def test_capture_changes_no_output():
    model = keras.Sequential([layers.Dense(4, activation="tanh"), layers.Dense(2)])
    inputs = tf.constant(np.random.default_rng(0).normal(size=[3, 5]), tf.float32)
    plain = model(inputs)
    with gradhealth.capture(model) as activations:
        captured = model(inputs)
    np.testing.assert_array_equal(plain, captured)
    np.testing.assert_array_equal(activations.calls[-1].tensor, plain)


def test_tensor_from_inside_a_loop_is_a_row_with_a_reason():
    class Looping(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2, name="inner")

        def call(self, inputs):
            return tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, self.inner(x)), [0, inputs])[1]

    model = Looping()
    model.inner.build((None, 2))

    @tf.function
    def step(inputs):
        rows.extend(rows_of(model, inputs))

    rows = []
    step(tf.zeros([1, 2]))
    assert [(row.tensor, row.not_measured) for row in rows if row.kind == "activation"] == [
        ("inner", "computed inside a loop, condition or function"),
        ("output", ""),
    ]


def test_gradient_from_inside_a_condition_is_a_row_with_a_reason():
    variable, leaked = tf.Variable([1.0], name="w"), []

    @tf.function
    def step(flag):
        tf.cond(flag, lambda: leaked.append(tf.ones([1])) or 1, lambda: 2)
        rows.extend(select(StepTensors([(leaked[0], variable)], (), None, None)).rows)

    rows = []
    step(tf.constant(True))
    assert rows[0].not_measured == "computed inside a loop, condition or function"
