"""Custom training loops: `summary` and `Recorder`, eager and compiled."""

import by_hand
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth


def adam():
    return keras.optimizers.Adam(0.01)


def updated(model, optimizer, x, y):
    """Update the weights; return pairs of gradient and variable, the activations and the loss."""
    with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
        loss = by_hand.class_loss(model, x, y)
    variables = model.trainable_variables
    pairs = list(zip(tape.gradient(loss, variables), variables, strict=True))
    optimizer.apply_gradients(pairs)
    return pairs, activations, loss


def summarised(model, optimizer, log_dir):
    """A step that calls `gradhealth.summary`, and a function to call after it."""
    writer = tf.summary.create_file_writer(str(log_dir))

    def step(x, y, number):
        pairs, activations, loss = updated(model, optimizer, x, y)
        with writer.as_default():
            gradhealth.summary(pairs, activations=activations, loss=loss, step=number, every=3)

    return step, lambda number: writer.flush()


def observed(model, optimizer, log_dir):
    """A step that calls `Recorder.observe`, and a function to call after it."""
    recorder = gradhealth.Recorder(log_dir, every=3)

    def step(x, y, number):
        pairs, activations, loss = updated(model, optimizer, x, y)
        recorder.observe(pairs, activations=activations, loss=loss)

    def after(number):
        recorder.write(number)
        recorder.flush()

    return step, after


def eager(step):
    return step


def compiled(step):
    return tf.function(step, jit_compile=True)


@pytest.mark.parametrize(
    ("written", "run"),
    [
        (summarised, eager),
        (summarised, tf.function),
        (observed, eager),
        (observed, tf.function),
        (observed, compiled),
    ],
)
def test_a_loop_with_a_gradient_tape(log_dir, written, run):
    parts = networks.batches()
    model, optimizer = networks.classifier(), adam()
    optimizer.build(model.trainable_variables)
    step, after = written(model, optimizer, log_dir)
    step = run(step)
    for number, (x, y) in enumerate(parts):
        step(tf.constant(x), tf.constant(y), tf.constant(number, tf.int64))
        after(number)
    recorded = Recorded(log_dir)
    assert recorded.steps == [0, 3, 6, 9]
    by_hand.train(networks.classifier(), adam(), parts).assert_matches(recorded)
    assert recorded.tensors("activation") == ["hidden", "out"]


def test_variable_without_a_gradient_is_a_row_with_a_reason(log_dir):
    parts = networks.batches(4)
    model = networks.classifier()
    unused = tf.Variable(tf.ones([2, 2]), name="unused/kernel")
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        for number, (x, y) in enumerate(parts):
            with tf.GradientTape() as tape:
                loss = by_hand.class_loss(model, x, y)
            variables = [*model.trainable_variables, unused]
            grads = tape.gradient(loss, variables)
            for gradient, variable in zip(grads[:-1], variables, strict=False):
                variable.assign_sub(0.1 * gradient)
            recorder.observe(zip(grads, variables, strict=True), loss=loss)
            recorder.write(number)
    recorded = Recorded(log_dir)
    assert recorded.reasons("gradient")["unused/kernel"] == "gradient is None"
    assert np.isnan(list(recorded.column("gradient", "unused/kernel", "rms").values())).all()
    assert set(recorded.column("weight", "unused/kernel", "rms").values()) == {1}
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.1), parts)
    names = [name for name in recorded.tensors("gradient") if name != "unused/kernel"]
    for name, values in zip(names, expected.gradients.values(), strict=True):
        recorded.assert_row("gradient", name, values)
