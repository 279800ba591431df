"""The origins of activations against networks with known connections."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import Attention

import tb_gradhealth as gradhealth
from tb_gradhealth.capture.tensorflow.selecting.selection import StepTensors, select

layers = keras.layers
NO_LAYER = "operations that are no layer"


def activation_rows(model, *inputs, eager=False, **arguments):
    """The activations' rows of one call, by name, in their order."""
    found = {}

    def forward(*inputs):
        with gradhealth.capture(model) as activations:
            outputs = model(*inputs, **arguments)
        rows = select(StepTensors([], (), activations, None)).rows
        found.update({row.tensor: row for row in rows if row.kind == "activation"})
        return outputs

    (forward if eager else tf.function(forward))(*inputs)
    return found


def edges(rows):
    return {name: row.inputs for name, row in rows.items()}


def gaps(rows):
    return {name: row.between for name, row in rows.items() if row.between}


@pytest.mark.parametrize("eager", [False, True])
def test_chain_with_pass_through_layers(eager):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="first"),
            layers.MaxPooling2D(),
            layers.Dropout(0.5),
            layers.Conv2D(4, 3, name="second"),
            layers.Flatten(),
            layers.Dense(2, name="out"),
        ]
    )
    rows = activation_rows(model, tf.ones([2, 8, 8, 3]), eager=eager, training=True)
    assert edges(rows) == {"first": ("input",), "second": ("first",), "out": ("second",)}
    assert gaps(rows) == {}
    assert [row.depth for row in rows.values()] == [0, 1, 2]


def attending():
    words = keras.Input((6,), dtype="int32")
    h = layers.Embedding(9, 4, name="embedding")(words)
    h = Attention(name="att")(h, words=words)
    return keras.Model(words, layers.Dense(3, name="ff")(h))


def test_a_composite_layer_s_own_output_is_measured_and_feeds_what_follows():
    rows = activation_rows(attending(), tf.ones([2, 6], tf.int32))
    assert list(rows) == ["embedding", "att/q", "att/k", "att/v", "att", "ff"]
    assert edges(rows) == {
        "embedding": ("input",),
        "att/q": ("embedding",),
        "att/k": ("embedding",),
        "att/v": ("embedding",),
        "att": ("input", "att/q", "att/k", "att/v"),
        "ff": ("att",),
    }
    assert gaps(rows) == {"att": NO_LAYER}
    assert not any(row.not_measured for row in rows.values())


def test_eager_composite_layer_is_measured_with_unknown_origin():
    rows = activation_rows(attending(), tf.ones([2, 6], tf.int32), eager=True)
    assert list(rows) == ["embedding", "att/q", "att/k", "att/v", "att", "ff"]
    assert rows["ff"].inputs == ("att",)
    assert (rows["att"].inputs, rows["att"].between) == ((), NO_LAYER)


@pytest.mark.parametrize("eager", [False, True])
def test_composite_layer_that_ends_in_another_layer_has_no_row(eager):
    inner = keras.Sequential([layers.Dense(4, name="deep"), layers.Dropout(0.1)], name="block")
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dense(2, name="out")])
    rows = activation_rows(model, tf.ones([2, 3]), eager=eager, training=True)
    assert [row.layer.split("/")[-1] for row in rows.values()] == ["deep", "out"]
    assert list(edges(rows).values()) == [("input",), (next(iter(rows)),)]


class Residual(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.first, self.second = layers.Dense(4, name="first"), layers.Dense(4, name="second")

    def call(self, inputs):
        h = self.first(inputs)
        return tf.nn.relu(h + self.second(h))


def test_model_that_ends_in_other_operations_has_a_row_for_its_output():
    rows = activation_rows(Residual(), tf.ones([2, 4]))
    assert edges(rows) == {"first": ("input",), "second": ("first",), "output": ("first", "second")}
    assert gaps(rows) == {"output": NO_LAYER}
    assert rows["output"].output
    assert rows["output"].depth == 2


def test_cast_reshape_and_concatenation_are_not_listed_in_between():
    class Rearranging(keras.Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = layers.Dense(4, name="left"), layers.Dense(4, name="right")
            self.join = layers.Dense(2, name="join")

        def call(self, inputs):
            both = tf.concat([self.left(inputs), tf.cast(self.right(inputs), tf.float32)], -1)
            return self.join(tf.reshape(both, [-1, 8]))

    rows = activation_rows(Rearranging(), tf.ones([2, 3]))
    assert edges(rows) == {"left": ("input",), "right": ("input",), "join": ("left", "right")}
    assert gaps(rows) == {}


def test_shape_of_a_tensor_is_no_origin():
    class Shaped(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(4, name="first"), layers.Dense(4, name="second")

        def call(self, inputs):
            return self.second(tf.ones(tf.shape(self.first(inputs))))

    assert edges(activation_rows(Shaped(), tf.ones([2, 3]))) == {"first": ("input",), "second": ()}


def test_function_or_loop_is_named_in_between():
    class Inside(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.hidden = layers.Dense(4, name="first"), layers.Dense(4, name="hidden")
            self.last = layers.Dense(4, name="last")
            self.compiled = tf.function(lambda h: self.hidden(h))

        def call(self, inputs):
            return self.last(self.compiled(self.first(inputs)))

    rows = activation_rows(Inside(), tf.ones([2, 4]))
    assert rows["hidden"].not_measured == "computed inside a loop, condition or function"
    assert (rows["last"].inputs, rows["last"].between) == (("first",), "a loop, condition or function")


def test_a_layer_called_twice_is_two_rows_with_their_own_inputs():
    tower = layers.Dense(4, name="tower")
    left, right = keras.Input((3,), name="query"), keras.Input((3,), name="answer")
    model = keras.Model([left, right], layers.Dot(-1, name="dot")([tower(left), tower(right)]))
    rows = activation_rows(model, [tf.ones([2, 3]), tf.ones([2, 3])])
    assert edges(rows) == {"tower": ("query",), "tower_2": ("answer",), "dot": ("tower", "tower_2")}


def test_bidirectional_layer_is_fed_by_both_directions():
    model = keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.Bidirectional(layers.LSTM(2), merge_mode="sum", name="both"),
            layers.Dense(2, name="out"),
        ]
    )
    rows = activation_rows(model, tf.ones([2, 5, 3]))
    assert list(rows)[-2:] == ["both", "out"]
    assert rows["both"].inputs == tuple(list(rows)[:2])
    assert rows["out"].inputs == ("both",)


def test_keras_attention_has_no_row_besides_its_last_layer():
    entry = keras.Input((5, 4))
    attended = layers.MultiHeadAttention(2, 2, name="attention")(entry, entry)
    rows = activation_rows(keras.Model(entry, layers.Dense(2, name="out")(attended)), tf.ones([2, 5, 4]))
    assert "attention" not in rows
    assert rows["out"].inputs == ("attention/attention_output",)


def test_deep_graph_of_operations():
    class Deep(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = layers.Dense(4, name="first"), layers.Dense(4, name="last")

        def call(self, inputs):
            h = self.first(inputs)
            for _ in range(3000):
                h = h + 1.0
            return self.last(h)

    rows = activation_rows(Deep(), tf.ones([2, 4]))
    assert (rows["last"].inputs, rows["last"].between) == (("first",), NO_LAYER)


class Wiring:
    """A random directed graph of layers, and the expected origins."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.origins = {}  # row -> the rows that feed it
        self.gaps = {}
        count = int(self.random.integers(4, 12))
        # A node: its parents, how they are combined, whether a dropout layer and an operation follow.
        self.nodes = [
            (
                sorted(
                    self.random.choice(
                        number + 1, size=min(number + 1, self.random.integers(1, 4)), replace=False
                    )
                ),
                self.random.choice(["layer", "operation", "concatenation"]),
                bool(self.random.integers(2)),
                bool(self.random.integers(2)),
            )
            for number in range(count)
        ]

    def run(self, entry, layer_of, joined):
        """Build the graph from its input ``entry``, and collect the expected origins."""
        values, rows = [entry], [({"input"}, False)]
        for number, (parents, how, drop, gap) in enumerate(self.nodes):
            name = f"node{number}"
            sources = set().union(*(rows[parent][0] for parent in parents))
            hidden = any(rows[parent][1] for parent in parents)
            value, sources, hidden = self.join(
                name, [values[p] for p in parents], how, joined, sources, hidden
            )
            self.origins[name], self.gaps[name] = sources, hidden
            value = layer_of(name)(value)
            if drop:
                value = layer_of(f"drop{number}")(value)
            if gap:
                value = value * 2.0
            values.append(value)
            rows.append(({name}, gap))
        self.origins["out"], self.gaps["out"] = rows[-1]
        return layer_of("out")(values[-1])

    def join(self, name, values, how, joined, sources, hidden):
        if len(values) == 1:
            return values[0], sources, hidden
        if how == "layer":
            self.origins[f"{name}_join"], self.gaps[f"{name}_join"] = sources, hidden
            return joined(f"{name}_join")(values), {f"{name}_join"}, False
        if how == "operation":
            return sum(values[1:], values[0]), sources, True
        return keras.ops.concatenate(values, -1)[..., :4], sources, hidden


@pytest.fixture
def make():
    made = {}

    def layer_of(name):
        if name not in made:
            dropout = name.startswith("drop")
            made[name] = layers.Dropout(0.5, name=name) if dropout else layers.Dense(4, "tanh", name=name)
        return made[name]

    def joined(name):
        return made.setdefault(name, layers.Add(name=name))

    return made, layer_of, joined


@pytest.mark.parametrize("form", ["functional", "subclassed"])
@pytest.mark.parametrize("seed", range(12))
def test_random_wirings(seed, form, make):
    made, layer_of, joined = make
    wiring = Wiring(seed)
    entry = keras.Input((4,))
    model = keras.Model(entry, wiring.run(entry, layer_of, joined))
    if form == "subclassed":

        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.parts = list(made.values())[::-1]

            def call(self, inputs):
                return wiring.run(inputs, layer_of, joined)

        model = Own()
    rows = activation_rows(model, tf.ones([3, 4]), training=True)
    reached = set(rows)  # a functional model leaves out what its output does not need
    assert "out" in reached
    assert {name: set(row.inputs) for name, row in rows.items()} == {
        name: set(fed) for name, fed in wiring.origins.items() if name in reached
    }
    assert {name: bool(row.between) for name, row in rows.items()} == {
        name: gap for name, gap in wiring.gaps.items() if name in reached
    }
    depths = {name: row.depth for name, row in rows.items()}
    for name, row in rows.items():
        assert all(depths[source] < depths[name] for source in row.inputs if source != "input")
