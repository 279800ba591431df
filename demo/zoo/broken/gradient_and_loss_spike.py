"""One batch whose targets are far off: the loss of that step jumps, and its gradients with it."""

from functools import partial

import numpy as np
from keras import losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import next_value
from tb_gradhealth.demo.zoo.tables import Table, diabetes
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

STEPS = 440
"""The baseline of a spike needs thirty records."""

CONSEQUENCES = ("activation-spike", "exploding-gradient", "loss-diverging", "update-ratio", "dead-units")


def far_off(factor: float, batch: Table) -> Table:
    """Targets ``factor`` times too large."""
    return Table(batch.inputs, (factor * (batch.targets + 1)).astype(np.float32))


def flat_waves() -> Table:
    """Waves as plain rows."""
    inputs, targets = next_value()
    return Table(inputs.reshape(len(inputs), -1), targets)


_diabetes = partial(Fit, partial(mlp, 10, [32, 16], 1), diabetes)
_waves = partial(Fit, partial(mlp, 24, [32, 32], 1, "tanh"), flat_waves)

VARIANTS = (
    ("diabetes8", "barely", 337, 8, _diabetes),
    ("waves10", "clearly", 345, 10, _waves),
    ("diabetes100", "badly", 352, 100, _diabetes),
    ("waves1000", "badly", 381, 1000, _waves),
)

TRAININGS = [
    broken(
        f"spike_targets_{name}_seed{seed}",
        fit(
            optimizer=partial(optimizers.Adam, 1e-3),
            loss=losses.MeanSquaredError,
            steps=STEPS,
            spoil=partial(far_off, factor),
            spoiled_step=step,
            seed=seed,
        ),
        (Fault("gradient-spike", step, "", dose), Fault("loss-spike", step, "", dose)),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, step, factor, fit) in enumerate(VARIANTS)
]
