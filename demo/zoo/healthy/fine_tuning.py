"""A pre-trained network is trained on other digits, with its first layers frozen, and unfrozen later."""

from functools import partial
from pathlib import Path

import keras
from keras import optimizers

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import batches, class_loss
from tb_gradhealth.demo.zoo.tables import Table, digits
from tb_gradhealth.demo.zoo.training import Reached, accuracy, healthy

STEPS = 200


def train(width: int, unfreeze: bool, seed: int, log_dir: Path) -> Reached:
    """Learn 0 to 4 unrecorded, then 5 to 9 with the hidden layers frozen, then with all if ``unfreeze``."""
    model = mlp(64, [width, width], 10)
    _fit(model, _some(range(5)), 1e-3, seed, [])
    callback = gradhealth.KerasCallback(log_dir, overhead=None)
    _set_trainable(model, False)
    reached = _fit(model, _some(range(5, 10)), 3e-3, seed + 1, [callback])
    if unfreeze:
        _set_trainable(model, True)
        reached = _fit(model, _some(range(5, 10)), 3e-4, seed + 2, [callback])
    return reached


def _fit(
    model: keras.Model, table: Table, rate: float, seed: int, callbacks: list[keras.callbacks.Callback]
) -> Reached:
    model.compile(optimizer=optimizers.Adam(rate), loss=class_loss(), metrics=["accuracy"])
    history = model.fit(batches(table, STEPS, 32, seed), shuffle=False, verbose=0, callbacks=callbacks)
    return {name: float(values[-1]) for name, values in history.history.items()}


def _set_trainable(model: keras.Model, trainable: bool) -> None:
    for layer in model.layers[:-1]:
        layer.trainable = trainable


def _some(classes: range) -> Table:
    inputs, labels = digits()
    chosen = (labels >= classes.start) & (labels < classes.stop)
    return Table(inputs[chosen], labels[chosen])


TRAININGS = [
    healthy(
        f"fine_tuning_width{width}_{'unfrozen' if unfreeze else 'frozen'}_seed{seed}",
        partial(train, width, unfreeze, seed),
        accuracy(0.5),  # the mean over all steps, from the first
        seed,
    )
    for seed, (width, unfreeze) in enumerate(((64, False), (48, True), (96, True)))
]
