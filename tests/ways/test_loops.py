"""Training loops of one's own: `summary` and `Recorder`, tapes, several optimizers."""

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


def summarised(model, optimizer, log_dir):
    """A step that calls `gradhealth.summary`, and what to do after it."""
    writer = tf.summary.create_file_writer(str(log_dir))

    def step(x, y, number):
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = by_hand.class_loss(model, x, y)
        variables = model.trainable_variables
        grads = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(grads, variables, strict=True))
        with writer.as_default():
            pairs = zip(grads, variables, strict=True)
            gradhealth.summary(pairs, activations=activations, loss=loss, step=number, every=3)

    return step, lambda number: writer.flush()


def observed(model, optimizer, log_dir):
    """A step that calls `Recorder.observe`, and what to do after it."""
    recorder = gradhealth.Recorder(log_dir, every=3)

    def step(x, y, number):
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = by_hand.class_loss(model, x, y)
        variables = model.trainable_variables
        grads = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(grads, variables, strict=True))
        recorder.observe(zip(grads, variables, strict=True), activations=activations, loss=loss)

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
    by_hand.train(networks.classifier(), adam(), parts).hold_against(recorded)
    assert recorded.tensors("activation") == ["hidden", "out"]


@pytest.mark.parametrize("run", [eager, tf.function])
def test_a_gan_with_a_persistent_tape_and_two_optimizers(log_dir, run):
    """Two recorders of one run; each network's gradients are of its own loss, taken from one tape."""

    def players():
        keras.utils.set_random_seed(2)
        dense = keras.layers.Dense
        maker = keras.Sequential(
            [keras.Input((4,)), dense(8, "relu", name="first"), dense(6, name="made")], name="maker"
        )
        critic = keras.Sequential(
            [keras.Input((6,)), dense(8, "relu", name="look"), dense(1, name="say")], name="critic"
        )
        optimizers = keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.05)
        for optimizer, model in zip(optimizers, (maker, critic), strict=True):
            optimizer.build(model.trainable_variables)
        return maker, critic, *optimizers

    def losses(maker, critic, noise, real):
        made, true = critic(maker(noise)), critic(real)
        return -tf.reduce_mean(made), tf.reduce_mean(tf.nn.softplus(made) + tf.nn.softplus(-true))

    random = np.random.default_rng(0)
    steps = [
        [random.normal(size=(8, width)).astype(np.float32) for width in (4, 6)]  # noise, real
        for _ in range(6)
    ]

    maker, critic, for_maker, for_critic = players()
    recorders = [gradhealth.Recorder(log_dir, every=2, name=name) for name in ("maker", "critic")]

    @run
    def step(noise, real):
        with (
            tf.GradientTape(persistent=True) as tape,
            gradhealth.capture(maker) as makes,
            gradhealth.capture(critic) as says,
        ):
            maker_loss, critic_loss = losses(maker, critic, noise, real)
        for recorder, model, optimizer, loss, activations in (
            (recorders[0], maker, for_maker, maker_loss, makes),
            (recorders[1], critic, for_critic, critic_loss, says),
        ):
            variables = model.trainable_variables
            grads = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(grads, variables, strict=True))
            recorder.observe(zip(grads, variables, strict=True), activations=activations, loss=loss)

    for number, (noise, real) in enumerate(steps):
        step(tf.constant(noise), tf.constant(real))
        for recorder in recorders:
            recorder.write(number)
    for recorder in recorders:
        recorder.close()

    maker, critic, for_maker, for_critic = players()
    gradients = {"maker": {}, "critic": {}}
    for noise, real in steps:
        with tf.GradientTape(persistent=True) as tape:
            maker_loss, critic_loss = losses(maker, critic, noise, real)
        for model, optimizer, loss in ((maker, for_maker, maker_loss), (critic, for_critic, critic_loss)):
            variables = by_hand.names_of(model)
            grads = tape.gradient(loss, list(variables.values()))
            optimizer.apply_gradients(zip(grads, variables.values(), strict=True))
            for name, gradient in zip(variables, grads, strict=True):
                gradients[model.name].setdefault(name, []).append(gradient.numpy())

    recorded = Recorded(log_dir)
    assert {record.table.stream for record in recorded.records} == {"maker", "critic"}
    assert sorted(recorded.steps) == [0, 0, 2, 2, 4, 4]
    for tensors in gradients.values():
        for name, values in tensors.items():
            recorded.assert_row("gradient", name, values)


def test_a_variable_without_a_gradient_is_a_row_that_says_so(log_dir):
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
