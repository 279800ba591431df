"""Definitions of the symptoms of gradients, weights and activations."""

from dataclasses import replace
from typing import Final

import numpy as np

from tb_gradhealth.demo.random_zoo.signs import Floats, JudgedTraining, Sign, first_run

FLOAT32_SMALLEST: Final = 1e-37


def non_finite(training: JudgedTraining) -> Sign:
    """A loss, weight, gradient or input is NaN or infinite in float32; near the limit it is possible."""
    m = training.m
    if training.end < m.steps:
        return Sign("certain", max(training.end, 0), f"from step {training.end}")
    largest = max(float(np.max(m.peak, initial=0)), float(np.max(m.gradient, initial=0)))
    # Squares and products inside a step overflow before its results do.
    return Sign("possible" if largest > 1e15 else "absent", evidence=f"largest {largest:.2g}")


def no_gradient(training: JudgedTraining) -> Sign:
    """The tape finds no path from the loss to a trainable variable."""
    lost = [variable.path for variable in training.m.variables if not variable.connected]
    return Sign("certain", 0, ", ".join(lost)) if lost else Sign("absent")


def dead_layer(training: JudgedTraining) -> Sign:
    """A weight matrix gets a gradient of exactly zero for 40 steps, or does not change while others do.

    Below float32's smallest number the gradient may have been zero in the training; a vector alone proves
    little. Where the loss itself is zero, nothing is left to learn and no layer is dead.
    """
    m, indices = training.m, training.matrices
    connected = np.array([variable.connected for variable in m.variables], bool)
    gradient, learns = m.gradient[: training.end], m.loss[: training.end, None] > 1e-6
    nothing = (gradient[:, indices] == 0) & learns
    little = (gradient[:, connected] < FLOAT32_SMALLEST) & learns
    changed, expected = m.changed[training.looks], ~training.solved
    unchanged = (changed[:, indices] == 0) & (changed.any(axis=1) & expected)[:, None]
    starts, names = [], []
    for index, zero, rest in zip(indices, nothing.T, unchanged.T, strict=True):
        since = [start for start in (first_run(zero, 40), training.lasting(rest, 40)) if start is not None]
        starts += since
        names += [m.variables[index].path] if since else []
    doubtful = any(first_run(row, 7) is not None for row in little.T)
    doubtful |= training.lasting((changed == 0).any(axis=1) & expected, 7) is not None
    return training.weigh(min(starts, default=None), doubtful, ", ".join(names))


def vanishing_gradient(training: JudgedTraining) -> Sign:
    """The loss's gradient fades on its way to the first layer, and so does the gradient of the first matrix.

    It is measured twice: its norm at the first layer's output / the largest, and the first matrix's RMS / the
    largest. Both below 1/3000 for half of the run: certain. With fewer than four matrices it is at most
    possible; also where the first matrix gets less than 3/1000 of the largest (of three, two may have faded,
    and the gradient at the only hidden layer's output does not show what passes through it), or some other
    matrix less than 3/1000 of the median, or zero.
    """
    m, indices, looks = training.m, training.matrices, training.looks
    if indices.size < 2 or m.arriving.shape[1] < 2 or not looks.any():
        return Sign("absent", evidence="too shallow")
    arriving, gradient = m.arriving[looks], m.sample_gradient[looks][:, indices]
    signal, front = _share(arriving[:, 0], arriving), _share(gradient[:, 0], gradient)
    fade = np.fmax(signal, front)
    half = (training.end - 1) / 2
    since = training.lasting((fade < 1e-3 / 3) & (signal > 0) & (front > 0), half)
    small = (gradient[:, :-1] < 3e-3 * np.median(gradient, axis=1, keepdims=True)).any(axis=1)
    small |= (gradient[:, :-1] == 0).any(axis=1) | (front < 3e-3)
    possible = bool(((fade < 3e-3) | (small & ~training.solved)).mean() > 0.05)
    sign = training.weigh(since, possible, f"fades to {np.median(fade):.2g}")
    return Sign("possible", evidence=sign.evidence) if sign.degree == "certain" and indices.size < 4 else sign


def _share(of: Floats, among: Floats) -> Floats:
    """A value's share of the largest in its row, NaN where there is none."""
    largest = among.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((largest > 0) & np.isfinite(largest), of / largest, np.nan)


def exploding_gradient(training: JudgedTraining) -> Sign:
    """The gradient grows to 30 times its usual and its first size, or is far larger than its weights.

    Growth counts where the loss has risen by half as well: on leaving a plateau, a gradient grows while the
    loss falls. A gradient that returns within 20 steps was a spike. Relative to the weights it counts from 30
    times RMS(w) on and above 1, for half of the finite steps, and only where the loss does not fall: unscaled
    targets make gradients large without harm, and the first steps are no measure. Matrices of fewer than 16
    elements never count. Growth shortly before anything was not finite is an explosion as well, whatever was
    learned before.
    """
    m, end = training.m, training.end
    gradient = m.gradient[:end]
    if end < 3:
        return Sign("possible", evidence="too few finite steps")
    total = np.sqrt((gradient**2 * np.array([variable.size for variable in m.variables])).sum(axis=1))
    usual = np.array([np.median(total[: max(step, 3)]) for step in range(end)])
    growth = total / np.maximum(np.maximum(usual, 0.3 * np.median(total[:5])), 1e-30)
    losses = m.loss[:end]
    worse = losses > [1.5 * abs(np.median(losses[: max(step, 3)])) for step in range(end)]
    indices = training.matrices
    indices = indices[[m.variables[index].size >= 16 for index in indices]] if indices.size else indices
    look = np.clip(np.searchsorted(m.looked, np.arange(end), side="right") - 1, 0, None)
    matrices = gradient[:, indices]
    ratio = np.where(matrices > 1, matrices / np.maximum(m.weight[look][:, indices], 1e-3), 0)
    to_weights = ratio.max(axis=1, initial=0)
    risen = first_run((growth > 30) & worse, 3)
    stays = risen is not None and np.median(growth[risen : risen + 20]) > 3
    starts = [risen if stays else None]  # a jump that returns soon is a spike
    if not np.median(losses[-5:]) < 0.7 * np.median(losses[:5]):
        starts.append(first_run(to_weights > 30, max(end // 2, 3)))
    to_the_end = end < m.steps and bool((growth[-2:] > 30).all())
    if to_the_end:
        starts.append(end - 2)
    since = min((start for start in starts if start is not None), default=None)
    jumped = bool((total[1:] > 30 * total[0]).any())  # its usual size was large from the second step on
    possible = jumped or first_run(growth > 3.3, 3) is not None or first_run(to_weights > 3.3, 3) is not None
    if end < m.steps and end < 30:
        possible = True
    evidence = f"to {growth.max():.3g} × its usual size, {np.median(to_weights):.2g} × the weights"
    if to_the_end and since is not None:
        return Sign("certain", since, evidence)
    return training.weigh(since, possible, evidence)


def dead_units(training: JudgedTraining) -> Sign:
    """Half of a hidden ReLU layer's units are 0 for the whole sample, to the end; under 7 %: absent.

    The model's output is not measured, so a ReLU output may be dead.
    """
    outputs = any(tap.output and tap.function in ("relu", "relu6") for tap in training.m.taps)
    return _unless(outputs, _by_share(training, training.m.dead, training.m.dead, certain=0.5, possible=0.07))


def saturated_activation(training: JudgedTraining) -> Sign:
    """Three quarters of a hidden layer's units are at the flat ends; under a quarter: absent.

    Outputs of gated cells are not measured, so they may be saturated.
    """
    gated = any(tap.layer.startswith("recurrent") and not tap.function for tap in training.m.taps)
    return _unless(
        gated, _by_share(training, training.m.saturated, training.m.leaning, certain=0.75, possible=0.25)
    )


def _unless(unmeasured: bool, sign: Sign) -> Sign:
    """The sign, but possible instead of absent where some layers were not measured."""
    return replace(sign, degree="possible") if unmeasured and sign.degree == "absent" else sign


def _by_share(
    training: JudgedTraining, sure: Floats, loose: Floats, *, certain: float, possible: float
) -> Sign:
    looks, hidden = training.looks, training.hidden
    sure, loose = sure[looks][:, hidden], loose[looks][:, hidden]
    judged = np.isfinite(sure).all(axis=0) if len(sure) else np.zeros(sure.shape[1], bool)
    if not judged.any():
        return Sign("absent", evidence="no such function")
    worst, suspected = sure[:, judged].max(axis=1), loose[:, judged].max(axis=1)
    until_the_end = bool((worst[-3:] >= certain).all())
    since = training.lasting(worst >= certain, 20) if until_the_end else None
    # What began shortly before anything was not finite had no time to last.
    doubtful = training.lasting(suspected >= possible, 20) is not None or bool(
        (suspected[-3:] >= possible).any()
    )
    layer = [tap.layer for tap, keep in zip(training.m.taps, hidden, strict=True) if keep]
    named = np.array(layer)[judged][int(sure[-1, judged].argmax())]
    return training.weigh(since, doubtful, f"{worst[-1]:.0%} of {named}")
