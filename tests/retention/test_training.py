"""A real training whose user writes scalars and histograms into the file of `gradhealth.summary`."""

import by_hand
import networks
import numpy as np
import pytest
import tensorflow as tf
from logs_to_prune import aged, others, payloads
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tb_gradhealth as gradhealth
from tb_gradhealth.retention import Policy, execute, plan, survey, try_thinning

STEPS = 600


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A run with a record in each step, and a fault: for ten steps the inputs are NaN."""
    folder = tmp_path_factory.mktemp("logs")
    model, batches = networks.classifier(), list(networks.batches(8))
    writer = tf.summary.create_file_writer(str(folder / "run"))

    @tf.function
    def train_step(x, y, step):
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = by_hand.class_loss(model, x, y)
        grads = tape.gradient(loss, model.trainable_variables)
        pairs = list(zip(grads, model.trainable_variables, strict=True))
        gradhealth.summary(pairs, activations=activations, loss=loss, step=step, every=1)
        tf.summary.scalar("loss", loss, step=step)
        tf.summary.histogram("weights", model.trainable_variables[0], step=step)
        if tf.math.is_finite(loss):
            for gradient, variable in pairs:
                variable.assign_sub(0.01 * gradient)

    with writer.as_default():
        for step in range(STEPS):
            x, y = batches[step % len(batches)]
            x = np.full_like(x, np.nan) if 300 <= step < 310 else x
            train_step(tf.constant(x), tf.constant(y), tf.constant(step, tf.int64))
    writer.close()
    return folder


@pytest.mark.training
def test_a_real_training_is_thinned_beside_the_users_data(logs):
    (file,) = (logs / "run").iterdir()
    aged(file)
    before, found = others(file), gradhealth.load(logs)["run"]
    assert any(finding.symptom == "non-finite" for finding in found.findings)
    policy = Policy(thin=20, shared_files=True)
    runs = survey(str(logs), 0, 2e9).runs
    made = plan(runs, policy, 2e9, lambda run, cadences: try_thinning(run, cadences, True))
    assert [outcome.state for outcome in execute(made, str(logs), None)] == ["done"]
    assert made.steps[0].records_after < STEPS / 2
    assert file.stat().st_size == runs[0].files[0].state.size - made.steps[0].frees

    assert others(file) == before
    assert len(payloads(file)) > len(before)
    seen = EventAccumulator(str(file), size_guidance={"tensors": 0}).Reload()
    assert [event.step for event in seen.Tensors("loss")] == list(range(STEPS))
    assert [event.step for event in seen.Tensors("weights")] == list(range(STEPS))

    after = gradhealth.load(logs)["run"]
    assert after.verdict == found.verdict
    assert [(f.id, f.severity, f.state, f.opened_step) for f in after.findings] == [
        (f.id, f.severity, f.state, f.opened_step) for f in found.findings
    ]
    kept = after.statistics("gradient", ["rms"])
    whole = set(range(284, 320))
    assert whole <= set(kept.steps.tolist())
