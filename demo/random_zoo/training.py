"""Trains one random plan with the product's callback and the probe."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.random_zoo import faults
from tb_gradhealth.demo.random_zoo.losses import constant_loss, losses_of
from tb_gradhealth.demo.random_zoo.measurements import Measurements
from tb_gradhealth.demo.random_zoo.networks import network_of
from tb_gradhealth.demo.random_zoo.optimizers import optimizer_of
from tb_gradhealth.demo.random_zoo.plan import Plan
from tb_gradhealth.demo.random_zoo.probe import Batches, Probe
from tb_gradhealth.demo.random_zoo.tasks import Task, task_of


def train(plan: Plan, log_dir: Path) -> Measurements:
    """Train, recording below ``log_dir``, and return the probe's measurements."""
    task = faults.spoiled_task(task_of(plan), plan)
    batches = _batches(plan, task)
    keras.utils.set_random_seed(int(np.random.SeedSequence(plan.numbers).generate_state(1)[0] >> 1))
    model, twin = network_of(plan, task), _in_float64(plan, task)
    faults.spoil_weights(model, plan)
    losses = losses_of(plan, task, "float32")
    model.compile(
        optimizer_of(plan),
        losses if len(losses) > 1 else losses[0],
        metrics=_metrics(task) if plan.metrics else None,
    )
    probe = Probe(model, twin, losses_of(plan, task, "float64"), task, batches)
    model.fit(
        _dataset(batches),
        epochs=min(plan.epochs, plan.steps),
        steps_per_epoch=plan.steps // plan.epochs,
        verbose=0,
        callbacks=[probe, *faults.callbacks_of(plan), gradhealth.KerasCallback(log_dir, overhead=None)],
    )
    return probe.measurements(constant_loss(plan, task))


def _in_float64(plan: Plan, task: Task) -> keras.Model:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        return network_of(plan, task)
    finally:
        keras.config.set_dtype_policy(before)


def _batches(plan: Plan, task: Task) -> Batches:
    """Random samples for every step, in whole epochs."""
    steps = plan.steps // plan.epochs * plan.epochs
    rng = np.random.default_rng([*plan.numbers, 4])
    chosen = rng.integers(0, len(task.inputs), (steps, min(plan.batch, len(task.inputs))))
    inputs = task.inputs[chosen]
    faults.spoil_batches(inputs, plan)
    return Batches(inputs, tuple(head.targets[chosen] for head in task.heads))


def _dataset(batches: Batches) -> tf.data.Dataset:
    targets: Any = batches.targets if len(batches.targets) > 1 else batches.targets[0]
    return tf.data.Dataset.from_tensor_slices((batches.inputs, targets))


def _metrics(task: Task) -> Any:
    names = [["accuracy"] if head.kind == "classes" else ["mae"] for head in task.heads]
    return names if len(names) > 1 else names[0]
