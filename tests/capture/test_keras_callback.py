"""The callback in `model.fit`: correct statistics at the correct steps, and no effect on the training."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

import tb_gradhealth as gradhealth

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture
def batches(random):
    return random.normal(size=(160, 6)).astype(np.float32), random.integers(0, 3, 160)


def make_model(seed=11, compiled=True, optimizer=None, cls=keras.Sequential, **arguments):
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    model = cls([keras.Input((6,)), dense(8, activation="relu", name="hidden"), dense(3, name="out")])
    if compiled:
        model.compile(optimizer or keras.optimizers.Adam(0.01), LOSS, **arguments)
    return model


def fit(model, batches, callbacks=(), epochs=2):
    return model.fit(
        *batches, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks)
    )


@pytest.mark.parametrize(
    "arguments", [{"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}], ids=str
)
def test_statistics_equal_those_of_a_custom_loop(tmp_path, read_run, batches, arguments):
    fit(make_model(**arguments), batches, [gradhealth.KerasCallback(tmp_path)])
    run = read_run(tmp_path / "gradhealth")
    assert run.steps == [0, 10, 20, 30]

    model, optimizer = make_model(compiled=False), keras.optimizers.Adam(0.01)
    rms, losses, updates = {}, [], []
    for step in range(40):
        x, y = (part[8 * (step % 20) : 8 * (step % 20) + 8] for part in batches)
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        before = model.trainable_variables[0].numpy()
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        if step % 10 == 0:
            losses.append(float(loss))
            updates.append(np.sqrt(np.mean((model.trainable_variables[0].numpy() - before) ** 2)))
            for variable, grad in zip(model.trainable_variables, grads, strict=True):
                rms.setdefault(variable.path.removeprefix("sequential/"), []).append(
                    np.sqrt(np.mean(grad.numpy() ** 2))
                )
    for name, values in rms.items():
        np.testing.assert_allclose(
            run.values("gradient", name.split("/", name.count("/") - 1)[-1], "rms"), values, rtol=1e-4
        )
    np.testing.assert_allclose(run.values("loss", "loss", "mean"), losses, rtol=1e-4)
    np.testing.assert_allclose(run.values("update", "hidden/kernel", "rms")[1:], updates[1:], rtol=1e-3)
    assert {r.layer for r in run.records[0].table.rows if r.kind == "activation"} == {"hidden", "out"}


@pytest.mark.parametrize("arguments", [{"jit_compile": False}, {"run_eagerly": True}], ids=str)
def test_training_is_bit_identical_with_and_without_the_callback(tmp_path, batches, arguments):
    results = []
    for callbacks in ([], [gradhealth.KerasCallback(tmp_path, every=3)]):
        model = make_model(**arguments)
        history = fit(model, batches, callbacks)
        results.append([history.history["loss"], *model.get_weights(), *model.optimizer.variables])
    for plain, observed in zip(*results, strict=True):
        np.testing.assert_array_equal(np.asarray(plain), np.asarray(observed))


def test_second_fit_continues_the_step_count_and_restores_the_model(tmp_path, read_run, batches):
    model = make_model()
    callback = gradhealth.KerasCallback(tmp_path)
    for _ in range(2):
        fit(model, batches, [callback], epochs=1)
        assert not {"train_step", "compute_loss"} & set(vars(model))
        assert "apply" not in vars(model.optimizer)
        assert all("call" not in vars(layer) for layer in model.layers)
    assert sorted(read_run(tmp_path).steps) == [0, 10, 20, 30]
    fit(model, batches, epochs=1)
    assert sorted(read_run(tmp_path).steps) == [0, 10, 20, 30]


def test_steps_per_execution_records_the_exact_step_of_a_nan(tmp_path, read_run, batches):
    x, y = batches[0].copy(), batches[1]
    x[8 * 13] = np.nan
    model = make_model(steps_per_execution=7)
    fit(model, (x, y), [gradhealth.KerasCallback(tmp_path)], epochs=1)
    run = read_run(tmp_path)
    assert run.steps == [0, 13, 14, 19]
    assert run.records[0].table.settings["every"] == 14
    assert run.values("gradient", "hidden/kernel", "bad_ago")[1] == 0


def test_frozen_layer_has_no_rows_until_it_is_unfrozen(tmp_path, read_run, batches):
    model = make_model()
    callback = gradhealth.KerasCallback(tmp_path)
    for trainable in (False, True):
        model.get_layer("hidden").trainable = trainable
        model.compile("sgd", LOSS)
        fit(model, batches, [callback], epochs=1)
    run = read_run(tmp_path)
    assert len(run.tables) == 2
    assert sorted({len(record.table.rows) for record in run.records}) == [
        2 * 3 + 2 + 2 + 2 + 4,
        4 * 3 + 2 + 2 + 4,  # input, target, constant loss and accuracy
    ]


def test_gradients_under_a_loss_scale_are_unscaled(tmp_path, read_run, batches):
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01))
    for name, optimizer in (("plain", keras.optimizers.SGD(0.01)), ("scaled", scaled)):
        fit(make_model(optimizer=optimizer), batches, [gradhealth.KerasCallback(tmp_path / name)], epochs=1)
    plain, scaled = read_run(tmp_path / "plain"), read_run(tmp_path / "scaled")
    for name in ("hidden/kernel", "out/kernel"):
        np.testing.assert_allclose(
            scaled.values("gradient", name, "rms"), plain.values("gradient", name, "rms"), rtol=1e-5
        )
    assert [run.records[0].table.settings["loss_scale"] for run in (plain, scaled)] == [False, True]


def test_gradients_are_those_before_clipping(tmp_path, read_run, batches):
    for name, clip in (("plain", None), ("clipped", 1e-3)):
        optimizer = keras.optimizers.SGD(0.0, global_clipnorm=clip)
        fit(make_model(optimizer=optimizer), batches, [gradhealth.KerasCallback(tmp_path / name)], epochs=1)
    plain, clipped = (
        read_run(tmp_path / name).values("gradient", "out/kernel", "rms") for name in ("plain", "clipped")
    )
    np.testing.assert_allclose(plain, clipped, rtol=1e-6)


def test_custom_train_step_is_observed(tmp_path, read_run, batches):
    class Own(keras.Sequential):
        def train_step(self, batch):
            x, _ = batch
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self(x, training=True)))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return {"loss": loss}

    model = make_model(cls=Own)
    fit(model, batches, [gradhealth.KerasCallback(tmp_path)], epochs=1)
    run = read_run(tmp_path)
    assert run.steps == [0, 10]
    assert np.isfinite(run.values("gradient", "hidden/kernel", "rms")).all()
    assert np.isfinite(run.values("loss", "loss", "mean")).all()
    assert "train_step" not in vars(model)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, while pickling
def test_exception_in_training_leaves_a_readable_file_and_restores_the_model(tmp_path, read_run, batches):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 12:
                raise KeyboardInterrupt

    model = make_model()
    callback = gradhealth.KerasCallback(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, batches, [callback, Stop()])
    pickle.loads(pickle.dumps(model))
    fit(model, batches, [callback], epochs=1)
    assert "train_step" not in vars(model)
    assert sorted(read_run(tmp_path).steps) == [0, 10, 13, 23]


def test_exception_inside_the_step_restores_the_model(tmp_path, batches):
    model = make_model(run_eagerly=True)
    x, y = batches
    with pytest.raises(ValueError, match=r"incompatible|expected"):
        fit(model, (x[:, :4], y), [gradhealth.KerasCallback(tmp_path)])
    assert not {"train_step", "compute_loss"} & set(vars(model))
    assert "apply" not in vars(model.optimizer)


def test_variable_without_a_gradient_is_an_unmeasured_row(tmp_path, read_run, batches):
    class Unused(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.unused = keras.layers.Dense(3, name="used"), keras.layers.Dense(3, name="unused")

        def call(self, inputs):
            self.unused(inputs)
            return self.used(inputs)

    model = Unused()
    model.compile("adam", LOSS)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        fit(model, batches, [gradhealth.KerasCallback(tmp_path)], epochs=1)
    reasons = {
        r.tensor: r.not_measured for r in read_run(tmp_path).records[0].table.rows if r.kind == "gradient"
    }
    assert reasons["unused/kernel"] == "gradient is None"
    assert reasons["used/kernel"] == ""


def test_findings_are_available_during_training(tmp_path, batches):
    x, y = batches[0].copy(), batches[1]
    x[3] = np.nan
    callback = gradhealth.KerasCallback(tmp_path)
    fit(make_model(), (x, y), [callback], epochs=1)
    assert "non-finite" in {finding.symptom for finding in callback.findings()}


def test_half_precision_activations_are_measured(tmp_path, read_run, batches):
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense
    model = keras.Sequential(
        [
            keras.Input((6,)),
            dense(8, "relu", dtype="mixed_bfloat16", name="hidden"),
            dense(3, dtype="float32"),
        ]
    )
    model.compile("adam", LOSS)
    fit(model, batches, [gradhealth.KerasCallback(tmp_path)], epochs=1)
    run = read_run(tmp_path)
    assert [r.dtype for r in run.records[0].table.rows if r.tensor == "hidden"] == ["bfloat16"]
    assert np.isfinite(run.values("activation", "hidden", "rms")).all()


@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras 3.15 beside NumPy 2.4
@pytest.mark.parametrize("first", ["ours", "keras"])
def test_keras_tensorboard_callback_and_ours_do_not_affect_each_other(tmp_path, read_run, batches, first):
    def keras_own(folder):
        return keras.callbacks.TensorBoard(folder, update_freq=7)

    def theirs(folder):
        files = [EventFileLoader(str(path)) for path in sorted((folder / "train").glob("*tfevents*"))]
        return [(e.step, v.tag) for file in files for e in file.Load() for v in e.summary.value]

    fit(make_model(), batches, [keras_own(tmp_path / "alone")])
    together = [gradhealth.KerasCallback(tmp_path / "both"), keras_own(tmp_path / "both")]
    fit(make_model(), batches, together if first == "ours" else together[::-1])
    assert read_run(tmp_path / "both" / "gradhealth").steps == [0, 10, 20, 30]
    assert theirs(tmp_path / "both") == theirs(tmp_path / "alone") != []


def attributes(model):
    """The attributes of the model and its optimizer, except those that `fit` itself adds."""
    left = ("history", "train_function", "_eval_epoch_iterator", "stop_evaluating")
    return {name for owner in (model, model.optimizer) for name in vars(owner) if name not in left}


def test_two_callbacks_in_one_fit_both_record_and_restore_the_model(tmp_path, read_run, batches):
    model = make_model()
    fit(model, batches)
    before = attributes(model)
    function = model.train_function
    fit(model, batches, [gradhealth.KerasCallback(tmp_path / name) for name in "ab"])
    assert attributes(model) == before
    assert model.train_function is function
    first, second = (read_run(tmp_path / name) for name in "ab")
    assert first.steps == second.steps == [40, 50, 60, 70]


class Bad(keras.callbacks.Callback):
    """Raises in the given hook."""

    def __init__(self, hook):
        super().__init__()

        def raised_on_purpose(*arguments, **named):
            raise RuntimeError("raised_on_purpose")

        setattr(self, hook, raised_on_purpose)


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end", "on_train_batch_end", "on_train_end"])
@pytest.mark.parametrize("position", [0, 1])
def test_exception_of_another_callback_restores_the_model(tmp_path, read_run, batches, hook, position):
    model, callback = make_model(), gradhealth.KerasCallback(tmp_path)
    fit(model, batches)
    before = attributes(model)
    callbacks = [callback]
    callbacks.insert(position, Bad(hook))
    with pytest.raises(RuntimeError, match="raised_on_purpose"):
        fit(model, batches, callbacks)
    assert attributes(model) == before
    assert read_run(tmp_path).steps[:1] == ([] if hook == "on_epoch_begin" else [40])


def test_exception_in_the_validation_restores_the_model(tmp_path, batches):
    model, callback = make_model(run_eagerly=True), gradhealth.KerasCallback(tmp_path)
    fit(model, batches)
    before = attributes(model)

    def validation():
        for _ in range(4):
            yield batches[0][:8], batches[1][:8]
        raise RuntimeError("raised_on_purpose")

    with pytest.raises(Exception, match="raised_on_purpose"):
        model.fit(*batches, validation_data=validation(), verbose=0, callbacks=[callback])
    assert attributes(model) == before


@pytest.mark.parametrize(
    "container", [list, lambda pair: dict(zip("ab", pair, strict=True))], ids=["list", "dict"]
)
def test_optimizers_in_a_list_or_a_dict_are_observed(tmp_path, read_run, batches, container):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = keras.layers.Dense(8), keras.layers.Dense(3)
            self.optimizers = container([keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01)])

        def call(self, x):
            return self.out(self.hidden(x))

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = LOSS(y, self(x, training=True))
            variables = self.trainable_variables
            grads = tape.gradient(loss, variables)
            optimizers = self.optimizers.values() if isinstance(self.optimizers, dict) else self.optimizers
            for optimizer, part in zip(optimizers, (slice(2), slice(2, 4)), strict=True):
                optimizer.apply(grads[part], variables[part])
            return {"loss": loss}

    model = Model()
    model(batches[0][:8])
    model.compile(jit_compile=False)
    fit(model, batches, [gradhealth.KerasCallback(tmp_path)], epochs=1)
    rows = read_run(tmp_path).records[0].table.rows
    assert len([row for row in rows if row.kind == "gradient" and not row.not_measured]) == 4


def test_model_built_by_its_first_step_has_one_row_table(tmp_path, read_run, batches):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = keras.layers.Dense(8, name="hidden"), keras.layers.Dense(3, name="out")

        def call(self, x):
            return self.out(self.hidden(x))

    model = Model()
    model.compile("sgd", LOSS, run_eagerly=True)
    fit(model, batches, [gradhealth.KerasCallback(tmp_path, every=5)], epochs=1)
    run = read_run(tmp_path)
    assert run.steps == [0, 5, 10, 15]
    assert [r.tensor for r in run.records[0].table.rows if r.kind == "activation"] == ["hidden", "out"]
    assert run.table_events == 1


@pytest.mark.parametrize(
    "outputs",
    [
        lambda x: {1: x, "b": x},
        lambda x: (x, tf.RaggedTensor.from_tensor(x)),
        lambda x: tf.sparse.from_dense(x),
    ],
    ids=["keys that cannot be sorted", "ragged", "sparse"],
)
def test_capture_does_not_fail_on_unusual_layer_outputs(outputs):
    class Odd(keras.layers.Layer):
        def call(self, x):
            return outputs(x)

    layer = Odd(name="odd")
    with gradhealth.capture(layer) as activations:
        layer.call(tf.ones([2, 3]))
    reasons = {call.name: call.reason for call in activations.calls}
    assert reasons
    assert set(reasons.values()) <= {"", "a RaggedTensor is not measured", "a SparseTensor is not measured"}


@pytest.mark.parametrize("activations", [True, False])
def test_step_with_an_unknown_optimizer_trains_with_a_warning(tmp_path, batches, activations):
    optimizer = keras.optimizers.SGD(0.01)

    class Model(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = LOSS(y, self(x, training=True))
            optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return {"loss": loss}

    model = make_model(cls=Model, optimizer=keras.optimizers.SGD(0.01))
    optimizer.build(model.trainable_variables)
    before = model.get_weights()[0]
    with pytest.warns(RuntimeWarning, match="keep each optimizer in an attribute of the model"):
        fit(model, batches, [gradhealth.KerasCallback(tmp_path, activations=activations)])
    assert np.any(model.get_weights()[0] != before)
