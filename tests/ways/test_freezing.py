"""Layers that are frozen and later unfrozen: the row table changes, the history continues."""

import by_hand
import keras
import networks
from recorded import Recorded

import tb_gradhealth as gradhealth
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor


def unfreeze(model, frozen):
    model.get_layer("hidden").trainable = not frozen
    return keras.optimizers.SGD(0.1)


def test_frozen_layer_joins_the_history_when_unfrozen(log_dir):
    parts = networks.batches(4)
    x, y = networks.joined(parts)
    model, twin = networks.classifier(), networks.classifier()
    callback = gradhealth.KerasCallback(log_dir, every=1)
    phases = []
    for frozen in (True, False):
        model.compile(unfreeze(model, frozen), by_hand.cross_entropy, jit_compile=False)
        model.fit(x, y, networks.BATCH, shuffle=False, verbose=0, callbacks=[callback])
        phases.append(by_hand.train(twin, unfreeze(twin, frozen), parts))

    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(8))
    assert len({record.table.id for record in recorded.records}) == 2
    reasons = [
        row.not_measured
        for record in recorded.records
        for row in record.table.rows
        if (row.kind, row.tensor) == ("gradient", "hidden/kernel")
    ]
    assert reasons == ["frozen: it is not trained"] * 4 + [""] * 4
    assert list(recorded.column("update", "hidden/kernel", "rms")) == [4, 5, 6, 7]
    assert list(recorded.column("gradient", "out/kernel", "rms")) == list(range(8))
    frozen, free = (phase.gradients for phase in phases)
    recorded.assert_row("gradient", "out/kernel", frozen["out/kernel"] + free["out/kernel"])
    recorded.assert_row("gradient", "hidden/kernel", [None] * 4 + free["hidden/kernel"], first=4)

    monitor = Monitor([Root(str(log_dir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        series = snapshot.runs["."].health.series("gradient", "out/kernel", ["rms"])
    assert list(series["step"]) == list(range(8))
