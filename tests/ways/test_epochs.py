"""The values that `fit` reports at the end of an epoch are recorded at the epoch's last step."""

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from by_hand import cross_entropy
from recorded import Recorded

import tb_gradhealth as gradhealth

PER_EPOCH = 12


def trained(log_dir, epochs=3, callbacks=(), validate=True, **arguments):
    model = networks.classifier()
    model.compile("sgd", cross_entropy, metrics=["accuracy"], **{"jit_compile": False, **arguments})
    x, y = networks.joined(networks.batches(PER_EPOCH))
    return model.fit(
        x,
        y,
        networks.BATCH,
        epochs=epochs,
        verbose=0,
        validation_data=(x[:9], y[:9]) if validate else None,
        callbacks=[gradhealth.KerasCallback(log_dir), *callbacks],
    )


@pytest.mark.parametrize("arguments", [{}, {"run_eagerly": True}, {"steps_per_execution": 5}], ids=str)
def test_every_epoch_has_the_values_of_fit(log_dir, arguments):
    history = trained(log_dir, **arguments).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    epochs = Recorded(log_dir).epochs
    assert [epoch.step for epoch in epochs] == [11, 23, 35]
    for number, epoch in enumerate(epochs):
        assert dict(epoch.values) == {name: values[number] for name, values in history.items()}


class Own(keras.Model):
    """A model with a custom training step; ``returned`` computes its result from the loss."""

    def __init__(self, returned):
        super().__init__()
        self.dense, self.returned = keras.layers.Dense(3), returned

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self.returned(self, loss)


def updated(model, loss):
    model.metrics[0].update_state(loss)
    return {metric.name: metric.result() for metric in model.metrics}


@pytest.mark.parametrize(
    ("returned", "known"),
    [
        (updated, {"loss"}),
        (lambda model, loss: {"loss": loss}, set()),  # Keras reports 0 for a metric that is not updated
        (lambda model, loss: {"mine": loss}, set()),  # the value of the last batch
    ],
)
def test_only_what_holds_for_the_whole_epoch_is_written(log_dir, returned, known):
    model = Own(returned)
    model.compile("sgd", cross_entropy, jit_compile=False)
    x, y = networks.joined(networks.batches(PER_EPOCH))
    model.fit(x, y, networks.BATCH, epochs=2, verbose=0, callbacks=[gradhealth.KerasCallback(log_dir)])
    assert {name for epoch in Recorded(log_dir).epochs for name in epoch.values} == known


def test_several_fits_continue_the_step_count(log_dir):
    callback = gradhealth.KerasCallback(log_dir)
    model = networks.classifier()
    model.compile("sgd", cross_entropy, jit_compile=False)
    x, y = networks.joined(networks.batches(PER_EPOCH))
    for _ in range(2):
        model.fit(x, y, networks.BATCH, verbose=0, callbacks=[callback])
    assert sorted(epoch.step for epoch in Recorded(log_dir).epochs) == [11, 23]


def test_nan_loss_of_an_epoch_is_written(log_dir):
    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.layers[-1].bias.assign(np.full(3, np.nan, np.float32))

    trained(log_dir, 2, [Spoil()])
    first, second = Recorded(log_dir).epochs
    assert np.isfinite(first.values["loss"])
    assert np.isnan(second.values["loss"])
    assert np.isnan(second.values["val_loss"])


def test_epochs_of_an_interrupted_training_are_written(log_dir):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations >= 30:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(log_dir, 5, [Stop()])
    assert [epoch.step for epoch in Recorded(log_dir).epochs] == [11, 23]


def loop(log_dir, epochs, **settings):
    variable = tf.Variable(tf.zeros([200]))
    with gradhealth.Recorder(log_dir, every=1, **settings) as recorder:
        for epoch in range(epochs):
            recorder.observe([(tf.ones([200]), variable)])
            recorder.write(epoch)
            recorder.write_epoch({"loss": tf.constant(1.0 / (epoch + 1)), "accuracy": np.float32(0.5)})
    return Recorded(log_dir).epochs


def test_custom_loop_writes_epochs(log_dir):
    epochs = loop(log_dir, 3)
    assert [(epoch.step, dict(epoch.values)) for epoch in epochs] == [
        (step, {"loss": float(np.float32(1 / (step + 1))), "accuracy": 0.5}) for step in range(3)
    ]


def test_values_that_are_no_numbers_are_left_out(log_dir):
    variable = tf.Variable(0.0)
    with gradhealth.Recorder(log_dir) as recorder:
        recorder.observe([(tf.constant(1.0), variable)])
        recorder.write(0)
        recorder.write_epoch({"loss": 1, "name": "a", "digits": "3", "many": np.zeros(3), "none": None}, 7)
    (epoch,) = Recorded(log_dir).epochs
    assert (epoch.step, dict(epoch.values)) == (7, {"loss": 1.0})


def test_epochs_stay_within_the_budget_and_the_last_is_written(log_dir):
    epochs = loop(log_dir, 600, budget=0.05)
    written = [epoch.step for epoch in epochs]
    assert written == sorted(set(written))
    assert written[:3] == [0, 1, 2]
    assert written[-1] == 599
    assert len(written) < 300
    assert sum(path.stat().st_size for path in log_dir.rglob("*tfevents*")) < 0.06 * 2**20


def test_epoch_before_any_step_is_written_with_the_first_record(log_dir):
    variable = tf.Variable(0.0)
    with gradhealth.Recorder(log_dir) as recorder:
        recorder.write_epoch({"loss": 3.0}, 0)
        recorder.observe([(tf.constant(1.0), variable)])
        recorder.write(0)
    (epoch,) = Recorded(log_dir).epochs
    assert dict(epoch.values) == {"loss": 3.0}
