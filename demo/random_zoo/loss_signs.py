"""Definitions of the symptoms of the loss: stalled, diverging, oscillating."""

import numpy as np

from tb_gradhealth.demo.random_zoo.signs import JudgedTraining, Sign


def loss_stalled(training: JudgedTraining) -> Sign:
    """The loss ends no better than a constant prediction or its start, and its last half gained nothing.

    A loss that was far better for a while and rose again has diverged: a stall is only possible then. So it
    is for a loss within 3 % of a constant prediction's whose metric shows that something was learned.
    """
    loss = training.m.sample_loss[training.looks]
    if training.end < 60 or loss.size < 8:
        return Sign("absent" if training.end < training.m.steps else "possible", evidence="too short")
    middle, end = np.median(loss[loss.size // 3 : loss.size // 2 + 1]), np.median(loss[-loss.size // 4 :])
    evidence = f"{loss[0]:.3g}, {middle:.3g}, {end:.3g}; a constant prediction: {training.worthless:.3g}"
    if training.solved[-3:].all() or end < 0.7 * training.worthless:
        return Sign("absent", evidence=evidence)
    # Where the metric is good, a loss that is no better than a constant prediction's is only possible.
    if training.learned == "yes":
        return Sign("absent" if end < 0.97 * training.worthless else "possible", evidence=evidence)
    flat = middle - end < 0.01 * abs(middle) and loss[-1] > 0.97 * middle
    nowhere = 0.97 * training.worthless < end < 1.5 * loss[0]
    never = (
        np.median(np.lib.stride_tricks.sliding_window_view(loss, 3), axis=-1).min() > 0.7 * training.worthless
    )
    whole = training.end >= 100 and training.end == training.m.steps
    certain = training.learned == "no" and flat and nowhere and never and whole
    return Sign("certain", 0, evidence) if certain else Sign("possible", evidence=evidence)


def loss_diverging(training: JudgedTraining) -> Sign:
    """The loss ends six times above its best and above its start, and does not return.

    Its start may be its best: a loss that jumps in the first steps has diverged. A loss that was at twice its
    best and above its start for some looks, and returned, is possible.
    """
    loss = training.m.sample_loss[training.looks]
    if loss.size < 8:
        return Sign("possible", evidence="too short")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(loss, 3), axis=-1)
    best, end = min(smooth.min(), loss[0]), loss[-3:].min()
    evidence = f"began {loss[0]:.3g}, best {best:.3g}, ends {end:.3g}"
    if best <= 0:
        return Sign("absent", evidence=evidence)
    back = end < 0.7 * np.median(loss[loss.size // 2 :])
    if end > 6 * best and end > 2 * loss[0] and training.learned == "no" and not back:
        near = np.flatnonzero(loss <= 2 * best)
        return Sign("certain", int(training.m.looked[training.looks][near[-1]]) if near.size else 0, evidence)
    away = (smooth > 2 * np.minimum.accumulate(smooth)) & (smooth > loss[0])
    possible = (end > 1.3 * best and end > 0.5 * loss[0]) or np.count_nonzero(away) > 2
    return Sign("possible" if possible else "absent", evidence=evidence)


def loss_oscillating(training: JudgedTraining) -> Sign:
    """The sample's loss swings by twice its median, to the end, and stays near a worthless loss.

    The loss of a fixed sample, because that of the batches swings with the batches.
    """
    loss = training.m.sample_loss[training.looks]
    late = loss[loss.size // 2 :]
    if late.size < 6:
        return Sign("absent" if training.end < 40 else "possible", evidence="too short")
    low, middle, high = np.quantile(late, (0.1, 0.5, 0.9))
    swing = (high - low) / max(abs(middle), 1e-12)
    changes = np.diff(late)
    large = np.abs(changes) > 0.2 * abs(middle)
    turns = np.mean((changes[1:] * changes[:-1] < 0) & large[1:] & large[:-1])
    evidence = f"swings by {swing:.2g} of {middle:.3g}, {turns:.0%} turn"
    settled = np.ptp(late[-4:]) < 0.5 * abs(np.median(late[-4:]))
    certain = (
        swing > 2 and turns > 0.4 and middle > 0.5 * training.worthless and training.end == training.m.steps
    )
    certain = certain and not settled
    if certain and training.learned == "no":
        return Sign("certain", int(training.m.looked[training.looks][loss.size // 2]), evidence)
    possible = swing > 0.33 and turns > 0.1 and training.learned != "yes"
    return Sign("possible" if certain or possible else "absent", evidence=evidence)
