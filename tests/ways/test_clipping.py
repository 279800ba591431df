"""Clipped gradients: the row `gradient` is measured before clipping, the row `clipped` after it."""

import by_hand
import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from recorded import Recorded

import tb_gradhealth as gradhealth

CLIPS = {"clipnorm": 0.05, "global_clipnorm": 0.1, "clipvalue": 0.01}


def sgd(**arguments):
    return keras.optimizers.SGD(0.5, **arguments)


@pytest.mark.parametrize("kind", CLIPS)
def test_keras_clips_after_the_gradient_is_measured(fit, kind):
    parts, clip = networks.batches(6), {kind: CLIPS[kind]}
    recorded = fit(networks.classifier(), parts, sgd(**clip))
    expected = by_hand.train(networks.classifier(), sgd(**clip), parts)
    expected.assert_matches(recorded)
    for name, gradients in expected.gradients.items():
        unclipped = -0.5 * np.stack(gradients)
        assert np.abs(np.stack(expected.updates[name]) - unclipped).max() > 1e-4, f"{name} was not clipped"


def clipped(kind, gradients):
    """Each kind's formula in float64, over all steps of all gradients by name."""
    limit = CLIPS[kind]
    exact = {name: np.asarray(values, np.float64) for name, values in gradients.items()}
    if kind == "clipvalue":
        return {name: np.clip(values, -limit, limit) for name, values in exact.items()}
    norms = {name: np.array([np.linalg.norm(g) for g in values]) for name, values in exact.items()}
    together = np.sqrt(sum(norm**2 for norm in norms.values()))
    used = dict.fromkeys(norms, together) if kind == "global_clipnorm" else norms
    return {
        name: values * np.minimum(1, limit / used[name]).reshape(-1, *[1] * (values.ndim - 1))
        for name, values in exact.items()
    }


@pytest.mark.parametrize("kind", CLIPS)
def test_gradients_clipped_by_keras_have_rows(fit, kind):
    parts, clip = networks.batches(6), {kind: CLIPS[kind]}
    recorded = fit(networks.classifier(), parts, sgd(**clip))
    expected = by_hand.train(networks.classifier(), sgd(**clip), parts).gradients
    assert recorded.tensors("clipped") == recorded.tensors("gradient")
    for name, values in clipped(kind, expected).items():
        recorded.assert_row("clipped", name, values)


def test_no_clipped_rows_without_clipping(fit):
    assert fit(networks.classifier(), networks.batches(2), sgd()).tensors("clipped") == []


def by_summary(log_dir):
    writer = tf.summary.create_file_writer(str(log_dir))

    def record(pairs, cut, loss, number):
        with writer.as_default():
            gradhealth.summary(pairs, clipped=cut, loss=loss, step=number, every=1)
        writer.flush()

    return record


def by_recorder(log_dir):
    recorder = gradhealth.Recorder(log_dir, every=1)

    def record(pairs, cut, loss, number):
        recorder.observe(pairs, clipped=cut, loss=loss)
        recorder.write(number)
        recorder.flush()

    return record


@pytest.mark.parametrize("way", [by_summary, by_recorder])
def test_loop_that_clips_records_both_gradients(log_dir, way):
    parts, model, record = networks.batches(4), networks.classifier(), way(log_dir)
    for number, (x, y) in enumerate(parts):
        with tf.GradientTape() as tape:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        cut, _ = tf.clip_by_global_norm(grads, CLIPS["global_clipnorm"])
        for gradient, variable in zip(cut, model.trainable_variables, strict=True):
            variable.assign_sub(0.5 * gradient)
        record(zip(grads, model.trainable_variables, strict=True), iter(cut), loss, number)
    recorded = Recorded(log_dir)
    optimizer = sgd(global_clipnorm=CLIPS["global_clipnorm"])
    expected = by_hand.train(networks.classifier(), optimizer, parts)
    expected.assert_matches(recorded)
    for name, values in clipped("global_clipnorm", expected.gradients).items():
        recorded.assert_row("clipped", name, values)
    assert np.isnan(list(recorded.column("clipped", "out/kernel", "nan_count").values())).all()


@pytest.mark.parametrize("way", [by_summary, by_recorder])
def test_another_number_of_clipped_gradients_raises(log_dir, way):
    variables = networks.classifier().trainable_variables
    grads = [tf.ones(variable.shape) for variable in variables]
    with pytest.raises(ValueError, match=r"clipped.*3.*4|clipped.*4.*3"):
        way(log_dir)(zip(grads, variables, strict=True), grads[:3], None, 0)
