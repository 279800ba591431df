"""The losses of random trainings in either precision, and what a constant prediction reaches."""

import keras
import numpy as np

from tb_gradhealth.demo.random_zoo.plan import Plan
from tb_gradhealth.demo.random_zoo.tasks import Head, Task


def losses_of(plan: Plan, task: Task, dtype: str) -> list[keras.losses.Loss]:
    """One loss per head, computed in ``dtype``."""
    return [_loss(plan, head, dtype) for head in task.heads]


def constant_loss(plan: Plan, task: Task) -> float:
    """The sum of the losses of the best constant predictions."""
    return sum(_constant(plan, head) for head in task.heads)


def _loss(plan: Plan, head: Head, dtype: str) -> keras.losses.Loss:
    if head.kind == "classes":
        # A wrong last activation is treated as logits.
        logits = plan.output == "logits" or "wrong_last_activation" in plan.faults
        return keras.losses.SparseCategoricalCrossentropy(from_logits=logits, dtype=dtype)
    kinds = {
        "mse": keras.losses.MeanSquaredError,
        "mae": keras.losses.MeanAbsoluteError,
        "huber": keras.losses.Huber,
    }
    return kinds[plan.loss](dtype=dtype)


def _constant(plan: Plan, head: Head) -> float:
    if head.kind == "classes":
        shares = np.bincount(head.targets) / head.targets.size
        shares = shares[shares > 0]
        return float(-(shares * np.log(shares)).sum())
    targets = head.targets.reshape(len(head.targets), -1).astype(np.float64)
    if plan.loss == "mse":
        return float(targets.var(axis=0).mean())
    away = np.abs(targets - np.median(targets, axis=0))
    if plan.loss == "mae":
        return float(away.mean())
    return float(np.where(away <= 1, away**2 / 2, away - 0.5).mean())
