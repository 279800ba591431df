"""The faults of random trainings: in the initial weights, in batches, or at a step of the run.

Faults of the network itself are in ``networks``, faults of the plan in ``plan``.
"""

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from tb_gradhealth.demo.random_zoo.plan import Plan
from tb_gradhealth.demo.random_zoo.tasks import Head, Task
from tb_gradhealth.demo.zoo.planting import AtStep, set_learning_rate


def spoiled_task(task: Task, plan: Plan) -> Task:
    """Make the targets impossible or hard to learn."""
    rng = np.random.default_rng([*plan.numbers, 2])
    heads = task.heads
    if "shuffled_labels" in plan.faults:
        order = rng.permutation(len(task.inputs))
        heads = tuple(replace(head, targets=head.targets[order]) for head in heads)
    if "zero_targets" in plan.faults:
        heads = tuple(replace(head, targets=np.zeros_like(head.targets)) for head in heads)
    if "far_targets" in plan.faults:
        heads = tuple(_far(head, plan.strength) for head in heads)
    return replace(task, heads=heads)


def spoil_weights(model: keras.Model, plan: Plan) -> None:
    """Change the initial weights."""
    hidden = [
        layer for layer in model.layers if layer.name.startswith("hidden_") and hasattr(layer, "kernel")
    ]
    if not hidden:
        return
    rng = np.random.default_rng([*plan.numbers, 3])
    if "dead_biases" in plan.faults:
        layer = hidden[int(rng.integers(len(hidden)))]
        shift = np.where(rng.random(layer.bias.shape) < 0.3 + 0.7 * plan.strength, -50.0, 0.0)
        layer.bias.assign(layer.bias + shift)
    if "exploding_init" in plan.faults:
        _multiply(hidden, 3 * 10**plan.strength)
    if "tiny_init" in plan.faults:
        _multiply(hidden, 10 ** (-1 - 2 * plan.strength))


def spoil_batches(inputs: np.ndarray, plan: Plan) -> None:
    """Change the inputs of one batch, [steps, batch, ...], in place. Tokens have no such values."""
    if np.issubdtype(inputs.dtype, np.integer):
        return
    if "nan_batch" in plan.faults:
        inputs[plan.moment].flat[0] = np.nan if plan.strength < 0.7 else np.inf
    if "spike_batch" in plan.faults:
        inputs[plan.moment] *= np.float32(20 * 30**plan.strength)


def callbacks_of(plan: Plan) -> Sequence[keras.callbacks.Callback]:
    """The callbacks that change the model while it trains."""
    if "rate_jump" not in plan.faults:
        return ()
    return (AtStep(plan.moment, set_learning_rate(plan.rate * 30 * 100**plan.strength)),)


def _far(head: Head, strength: float) -> Head:
    """Shift and scale numbers far from zero and unit scale."""
    if head.kind == "classes":
        return head
    scale = np.float32(10 ** (1 + 2 * strength))
    return replace(head, targets=head.targets * scale + 3 * scale)


def _multiply(layers: Sequence[keras.layers.Layer], factor: float) -> None:
    for layer in layers:
        layer.kernel.assign(layer.kernel * factor)
