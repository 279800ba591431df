"""The loss of the best constant prediction against closed forms and brute force in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded
from scipy.optimize import minimize

import tb_gradhealth as gradhealth

layers, losses = keras.layers, keras.losses
RANDOM = np.random.default_rng(2)
CLASSES = RANDOM.choice(4, 48, p=[0.6, 0.2, 0.15, 0.05])
REALS = RANDOM.exponential(2.0, (48, 3)).astype(np.float32)
WEIGHTS = RANDOM.uniform(0.1, 3.0, 48).astype(np.float32)


def trained(log_dir, loss, y, weights=None, outputs=None, epochs=1, batch=8, model=None, **arguments):
    """Train a network on constant inputs; the tested rows do not depend on it."""
    width = outputs or y.shape[-1]
    model = model or keras.Sequential([keras.Input((2,)), layers.Dense(width, "softplus", name="out")])
    model.compile(keras.optimizers.SGD(1e-3), loss, **{"jit_compile": False, **arguments})
    callback = gradhealth.KerasCallback(log_dir, every=1)
    model.fit(
        np.ones((len(y), 2), np.float32),
        y,
        batch,
        epochs,
        sample_weight=weights,
        shuffle=False,
        verbose=0,
        callbacks=[callback],
    )
    return Recorded(log_dir)


def values_of(recorded, name="constant_loss"):
    return list(recorded.column("training", name, "mean").values())


def entropy(shares):
    shares = np.asarray(shares, np.float64)
    return -np.sum(shares[shares > 0] * np.log(shares[shares > 0]))


def shares_of(classes, weights=None, count=4):
    counts = np.bincount(classes, weights, minlength=count)
    return counts / counts.sum()


def assert_records(recorded, expected, batch=8, rtol=1e-5):
    """Compare each record with the expected value for the number of targets up to it."""
    got = values_of(recorded)
    steps = len(got)
    np.testing.assert_allclose(
        got, [expected(batch * (step + 1)) for step in range(steps)], rtol=rtol, atol=1e-7
    )


@pytest.mark.parametrize("arguments", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=str)
@pytest.mark.parametrize("from_logits", [True, False])
def test_loss_of_classes_is_their_entropy(log_dir, from_logits, arguments):
    run = trained(log_dir, losses.SparseCategoricalCrossentropy(from_logits), CLASSES, outputs=4, **arguments)
    assert_records(run, lambda count: entropy(shares_of(CLASSES[:count])))
    expected = [shares_of(CLASSES[: 8 * (step + 1)]).max() for step in range(6)]
    np.testing.assert_allclose(values_of(run, "constant_accuracy"), expected, rtol=1e-6)


def test_loss_of_weighted_classes_is_the_entropy_of_the_weighted_shares(log_dir):
    run = trained(log_dir, losses.SparseCategoricalCrossentropy(), CLASSES, WEIGHTS, 4)
    assert_records(
        run, lambda count: WEIGHTS[:count].mean() * entropy(shares_of(CLASSES[:count], WEIGHTS[:count]))
    )
    np.testing.assert_allclose(values_of(run, "constant_accuracy")[-1], shares_of(CLASSES).max(), rtol=1e-6)


def test_class_weights_are_sample_weights(log_dir):
    by_class = {0: 1.0, 1: 5.0, 2: 2.0, 3: 50.0}
    model = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir, every=1)
    x = np.ones((48, 2), np.float32)
    model.fit(x, CLASSES, 8, class_weight=by_class, shuffle=False, verbose=0, callbacks=[callback])
    weights = np.array([by_class[each] for each in CLASSES])
    assert_records(
        Recorded(log_dir),
        lambda count: weights[:count].mean() * entropy(shares_of(CLASSES[:count], weights[:count])),
    )


def test_loss_with_weighted_mean_is_divided_by_the_weights(log_dir):
    loss = losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")
    run = trained(log_dir, loss, CLASSES, WEIGHTS, 4)
    assert_records(run, lambda count: entropy(shares_of(CLASSES[:count], WEIGHTS[:count])))


def test_loss_with_reduction_sum_is_that_of_a_batch(log_dir):
    run = trained(log_dir, losses.SparseCategoricalCrossentropy(reduction="sum"), CLASSES, outputs=4)
    assert_records(run, lambda count: 8 * entropy(shares_of(CLASSES[:count])))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_of_one_hot_targets_is_the_entropy_of_the_smoothed_shares(log_dir, smoothing):
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    run = trained(log_dir, loss, np.eye(4, dtype=np.float32)[CLASSES])
    assert_records(run, lambda count: entropy((1 - smoothing) * shares_of(CLASSES[:count]) + smoothing / 4))
    np.testing.assert_allclose(values_of(run, "constant_accuracy")[-1], shares_of(CLASSES).max(), rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("flat", [True, False])
def test_loss_of_binary_targets_is_the_mean_over_the_outputs(log_dir, smoothing, flat):
    y = (CLASSES > 0).astype(np.float32) if flat else (REALS > 1.5).astype(np.float32)
    run = trained(
        log_dir, losses.BinaryCrossentropy(True, label_smoothing=smoothing), y, outputs=1 if flat else 3
    )

    def expected(count):
        ones = np.atleast_1d(y[:count].mean(0)) * (1 - smoothing) + smoothing / 2
        return np.mean([entropy([share, 1 - share]) for share in ones])

    assert_records(run, expected)
    often = np.mean(np.maximum(y.mean(0), 1 - y.mean(0)))
    np.testing.assert_allclose(values_of(run, "constant_accuracy")[-1], often, rtol=1e-6)


def test_squared_loss_is_the_variance(log_dir):
    run = trained(log_dir, "mse", REALS)
    assert_records(run, lambda count: REALS[:count].astype(np.float64).var(0).mean())
    assert "constant_accuracy" not in run.tensors("training")


def test_variance_is_exact_for_a_large_mean(log_dir):
    y = (REALS + 1e4).astype(np.float32)
    run = trained(log_dir, "mse", y)
    assert_records(run, lambda count: y[:count].astype(np.float64).var(0).mean())


NUMPY = {
    "mae": (lambda p, y: np.abs(p - y), "mae"),
    "mape": (lambda p, y: 100 * np.abs(p - y) / np.maximum(np.abs(y), 1e-7), "mape"),
    "huber": (
        lambda p, y: np.where(np.abs(p - y) <= 0.7, (p - y) ** 2 / 2, 0.7 * np.abs(p - y) - 0.245),
        losses.Huber(0.7),
    ),
    "log_cosh": (lambda p, y: np.log(np.cosh(p - y)), "log_cosh"),
    "msle": (lambda p, y: (np.log1p(np.maximum(p, 1e-7)) - np.log1p(np.maximum(y, 1e-7))) ** 2, "msle"),
    "mse": (lambda p, y: (p - y) ** 2, "mse"),
    "poisson": (lambda p, y: p - y * np.log(p + 1e-7), "poisson"),
}


def brute_force_loss(error, y, weights):
    """The mean weighted loss of the best constant of each output, by a refined grid search."""
    best = []
    for column in np.asarray(y, np.float64).T:

        def total(p, column=column):
            return np.mean(weights * error(p, column))

        grid = np.linspace(column.min(), column.max(), 2001)
        start = grid[np.argmin([total(p) for p in grid])]
        best.append(min(minimize(lambda p: total(p[0]), [start], method="Nelder-Mead").fun, total(start)))
    return np.mean(best)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(NUMPY))
def test_loss_of_other_errors_equals_a_brute_force_search(log_dir, name, weighted):
    error, loss = NUMPY[name]
    weights = WEIGHTS if weighted else None
    run = trained(log_dir, loss, REALS, weights)
    plain = WEIGHTS.astype(np.float64) if weighted else np.ones(48)
    assert_records(run, lambda count: brute_force_loss(error, REALS[:count], plain[:count]), rtol=2e-4)


def test_network_without_information_does_not_beat_the_constant(log_dir):
    """A network that is trained on equal inputs reaches the constant's loss."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="out")])
    model.compile(keras.optimizers.Adam(0.1), "mae", jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir, every=20)
    model.fit(np.ones((48, 2)), REALS, 48, epochs=400, verbose=0, callbacks=[callback])
    run = Recorded(log_dir)
    reached = list(run.column("loss", "loss", "mean").values())
    assert min(reached) >= values_of(run)[0] * (1 - 1e-6)
    assert min(reached[:-1]) < values_of(run)[0] * 1.03


def test_masked_and_ignored_labels_do_not_count(log_dir):
    labels = RANDOM.integers(0, 4, (16, 5))
    labels[:, 3:] = -1
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model = keras.Sequential([keras.Input((2,)), layers.RepeatVector(5), layers.Dense(4)])
    run = trained(log_dir, loss, labels, model=model)
    assert_records(run, lambda count: entropy(shares_of(labels[:count, :3].ravel())))
    ids = np.where(labels < 0, 0, labels + 1)
    model = keras.Sequential([keras.Input((5,)), layers.Embedding(6, 4, mask_zero=True), layers.Dense(4)])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    callback = gradhealth.KerasCallback(log_dir / "masked", every=1)
    model.fit(ids, np.maximum(labels, 0), 8, shuffle=False, verbose=0, callbacks=[callback])
    assert_records(Recorded(log_dir / "masked"), lambda count: entropy(shares_of(labels[:count, :3].ravel())))


def test_losses_of_several_outputs_are_summed_with_their_weights(log_dir):
    entry = keras.Input((2,))
    outputs = {"price": layers.Dense(3, name="price")(entry), "kind": layers.Dense(4, name="kind")(entry)}
    model = keras.Model(entry, outputs)
    y = {"price": REALS, "kind": CLASSES}
    model.compile(
        "sgd",
        {"price": "mse", "kind": losses.SparseCategoricalCrossentropy(from_logits=True)},
        loss_weights={"price": 0.5, "kind": 2.0},
        jit_compile=False,
    )
    callback = gradhealth.KerasCallback(log_dir, every=1)
    model.fit(np.ones((48, 2)), y, 8, shuffle=False, verbose=0, callbacks=[callback])
    run = Recorded(log_dir)
    assert_records(
        run,
        lambda count: (
            0.5 * REALS[:count].astype(np.float64).var(0).mean() + 2.0 * entropy(shares_of(CLASSES[:count]))
        ),
    )
    np.testing.assert_allclose(values_of(run, "constant_accuracy")[-1], shares_of(CLASSES).max(), rtol=1e-6)


def test_each_position_of_a_target_has_its_own_constant(log_dir):
    y = RANDOM.normal(size=(48, 5, 2)).astype(np.float32) * np.arange(1, 11).reshape(5, 2)
    model = keras.Sequential([keras.Input((2,)), layers.RepeatVector(5), layers.Dense(2)])
    run = trained(log_dir, "mse", y.astype(np.float32), model=model)
    assert_records(run, lambda count: y[:count].astype(np.float64).var(0).mean(), rtol=1e-4)


def own_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred) ** 1.5, -1)


class OwnClass(losses.MeanSquaredError):
    def call(self, y_true, y_pred):
        return 2 * super().call(y_true, y_pred)


@pytest.mark.parametrize(
    "loss",
    [own_loss, OwnClass(), "hinge", losses.CosineSimilarity()],
    ids=["function", "class", "hinge", "cosine"],
)
def test_unknown_loss_has_no_constant_row(log_dir, loss):
    run = trained(log_dir, loss, REALS)
    assert not {"constant_loss", "constant_accuracy"} & set(run.tensors("training"))


def test_custom_compute_loss_has_no_constant_row(log_dir):
    class Own(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return 10 * super().compute_loss(x, y, y_pred, sample_weight, training)

    run = trained(log_dir, "mse", REALS, model=Own([keras.Input((2,)), layers.Dense(3)]))
    assert "constant_loss" not in run.tensors("training")


@pytest.mark.parametrize("arguments", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=str)
def test_regularization_is_the_remaining_loss(log_dir, arguments):
    keras.utils.set_random_seed(1)
    dense = layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.3), bias_regularizer="l1", name="out")
    model = keras.Sequential([keras.Input((2,)), layers.ActivityRegularization(l2=0.5), dense])
    kernel = np.asarray(dense.kernel, np.float64)
    run = trained(log_dir, "mse", REALS, model=model, **arguments)
    first = 0.3 * np.sum(kernel**2) + 0.5 * 2
    np.testing.assert_allclose(values_of(run, "regularization")[0], first, rtol=1e-5)
    of_data = np.mean((np.ones((8, 2)) @ kernel - REALS[:8]) ** 2)
    loss = run.column("loss", "loss", "mean")[0]
    np.testing.assert_allclose(loss, first + of_data, rtol=1e-5)


def test_model_without_additional_losses_has_no_regularization(log_dir):
    assert "regularization" not in trained(log_dir, "mse", REALS).tensors("training")


@pytest.mark.parametrize("jit_compile", [False])
def test_training_is_bit_identical_without_the_callback(log_dir, jit_compile):
    results = []
    for callbacks in ([], [gradhealth.KerasCallback(log_dir, every=3)]):
        keras.utils.set_random_seed(7)
        dense = layers.Dense(4, kernel_regularizer="l2")
        model = keras.Sequential([keras.Input((2,)), layers.Dense(5, "tanh"), layers.Dropout(0.2), dense])
        model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit_compile)
        x = RANDOM.normal(size=(48, 2)) if not results else x  # noqa: F821
        history = model.fit(x, CLASSES, 8, epochs=3, sample_weight=WEIGHTS, verbose=0, callbacks=callbacks)
        results.append([history.history["loss"], *model.get_weights()])
    for plain, watched in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, watched)
