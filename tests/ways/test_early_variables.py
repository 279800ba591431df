"""A `fit` whose variables are created before its first step equals one whose first step creates them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(32, 6)).astype(np.float32)
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "Adam with an average": lambda: keras.optimizers.Adam(0.01, amsgrad=True, use_ema=True),
    "AdamW": lambda: keras.optimizers.AdamW(0.01),
    "RMSprop that accumulates": lambda: keras.optimizers.RMSprop(0.01, gradient_accumulation_steps=2),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
}


class Counted(keras.layers.Layer):
    """Forwards its input and counts in how many traces."""

    def __init__(self):
        super().__init__()
        self.traces = 0

    def call(self, inputs):
        self.traces += 1
        return inputs


def network(outputs, activation):
    keras.utils.clear_session()  # names count from the start again
    keras.utils.set_random_seed(7)
    frozen = keras.layers.Dense(5, trainable=False)
    return keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(5, "relu"), frozen, keras.layers.Dense(outputs, activation)]
    )


def fitted(
    callbacks,
    optimizer=keras.optimizers.Adam,
    outputs=3,
    activation="softmax",
    loss=None,
    targets=None,
    **metrics,
):
    model = network(outputs, activation)
    loss = loss or "sparse_categorical_crossentropy"
    model.compile(optimizer(), loss, **metrics)
    targets = RANDOM.integers(0, 3, 32) if targets is None else targets
    history = model.fit(
        INPUTS, targets, batch_size=8, epochs=2, verbose=0, shuffle=False, callbacks=callbacks
    )
    return model, history.history


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_the_same_variables_with_the_same_values(name, log_dir):
    targets = RANDOM.integers(0, 3, 32)
    plain, watched = (
        fitted(callbacks, OPTIMIZERS[name], targets=targets)[0]
        for callbacks in ([], [gradhealth.KerasCallback(log_dir)])
    )
    both = list(zip(plain.optimizer.variables, watched.optimizer.variables, strict=True))
    assert len(both) > 2
    for without, having in both:
        assert without.path == having.path
        np.testing.assert_array_equal(without.numpy(), having.numpy())


@pytest.mark.parametrize(
    ("outputs", "activation", "loss", "targets"),
    [
        (3, "softmax", "sparse_categorical_crossentropy", RANDOM.integers(0, 3, 32)),
        (3, "softmax", "sparse_categorical_crossentropy", RANDOM.integers(0, 3, [32, 1])),
        (3, "softmax", "categorical_crossentropy", np.eye(3)[RANDOM.integers(0, 3, 32)]),
        (1, "sigmoid", "binary_crossentropy", RANDOM.integers(0, 2, 32)),
    ],
)
def test_metrics_by_name_are_the_same(outputs, activation, loss, targets, log_dir):
    metrics = {"metrics": ["accuracy"], "weighted_metrics": ["acc"]}
    arguments = {"outputs": outputs, "activation": activation, "loss": loss, "targets": targets, **metrics}
    (plain, history), (watched, watched_history) = (
        fitted(callbacks, **arguments) for callbacks in ([], [gradhealth.KerasCallback(log_dir)])
    )
    assert watched_history == history
    names = [[metric.name for metric in model.metrics] for model in (plain, watched)]
    assert names[0] == names[1]
    classes = [[type(metric) for metric in model._compile_metrics.metrics] for model in (plain, watched)]
    assert classes[0] == classes[1]


@pytest.mark.parametrize("metrics", [None, ["accuracy"]])
def test_the_step_is_traced_once(metrics, log_dir):
    counted = Counted()
    model = keras.Sequential([keras.Input((6,)), counted, keras.layers.Dense(3)])
    model.compile("adam", "mse", metrics=metrics)
    counted.traces = 0
    targets = RANDOM.normal(size=(32, 3))
    model.fit(INPUTS, targets, 8, 1, 0, [gradhealth.KerasCallback(log_dir)])
    assert counted.traces == 1


def test_an_unknown_metric_raises_keras_own_error(log_dir):
    messages = []
    for callbacks in ([], [gradhealth.KerasCallback(log_dir)]):
        with pytest.raises(ValueError, match="no_such_metric") as caught:
            fitted(callbacks, metrics=["no_such_metric"])
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_a_step_of_its_own_creates_the_variables_it_needs(log_dir):
    class OnlyLast(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - self(x)))
            weights = self.layers[-1].trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return {"loss": loss}

    counts = []
    for callbacks in ([], [gradhealth.KerasCallback(log_dir)]):
        model = OnlyLast([keras.Input((6,)), keras.layers.Dense(5), keras.layers.Dense(1)])
        model.compile("adam")
        model.fit(INPUTS, RANDOM.normal(size=(32, 1)), 8, 1, 0, callbacks)
        counts.append(len(model.optimizer.variables))
    assert counts[0] == counts[1]
