"""Definitions of spikes of the loss, the gradients and the activations."""

import numpy as np

from tb_gradhealth.demo.random_zoo.signs import Floats, JudgedTraining, Sign


def loss_spike(training: JudgedTraining) -> Sign:
    """A batch's loss jumps eightfold, to at least half of the first losses, and returns."""
    loss = training.m.loss[: training.end]
    first = np.median(loss[:5]) if loss.size else 0.0
    return _spike(loss, z=10, times=8, minimum=0.5 * first, possible=0.1 * first)


def gradient_spike(training: JudgedTraining) -> Sign:
    """The gradient's norm jumps tenfold and returns, and the loss reacts.

    Where the loss does not react, or only the norm of one matrix jumps, it is possible. (In a training that
    learned, of one matrix only where the loss reacts.)
    """
    gradient = training.m.gradient[: training.end]
    total = np.sqrt((gradient**2).sum(axis=1))
    first = float(np.median(total[:5])) if total.size else 0.0
    sign = _possible_unless_loss_reacts(
        training, _spike(total, z=10, times=10, minimum=0.3 * first, possible=0.1 * first)
    )
    if sign.degree != "absent":
        return sign
    for series in gradient[:, training.matrices].T:
        alone = _spike(series, z=10, times=10, minimum=0, possible=0)
        if alone.degree != "absent" and (training.learned != "yes" or _loss_reacts(training, alone.since)):
            return Sign("possible", evidence=f"of one matrix {alone.evidence}")
    return sign


def activation_spike(training: JudgedTraining) -> Sign:
    """The largest output of some layer jumps tenfold and returns, and the loss reacts.

    Without a reaction it was an unusual batch without harm, which is worth information, so it is possible.
    """
    signs = [
        _spike(peak[: training.end], z=12, times=10, minimum=0, possible=0) for peak in training.m.peak.T
    ]
    by_degree = {
        degree: [sign for sign in signs if sign.degree == degree] for degree in ("certain", "possible")
    }
    certain = sorted(by_degree["certain"], key=lambda sign: sign.since)
    return _possible_unless_loss_reacts(
        training, next(iter((*certain, *by_degree["possible"])), Sign("absent"))
    )


def _possible_unless_loss_reacts(training: JudgedTraining, sign: Sign) -> Sign:
    """The sign, but only possible where the loss did not react."""
    if sign.degree != "certain" or _loss_reacts(training, sign.since):
        return sign
    return Sign("possible", evidence=sign.evidence)


def _loss_reacts(training: JudgedTraining, step: int) -> bool:
    """Whether the loss of a step, or of one of the three after it, is far above that of the 128 before."""
    loss = np.abs(training.m.loss[: training.end])
    before, after = loss[max(step - 128, 0) : step], loss[step : step + 4]
    logs = np.log(np.maximum(before, 1e-30))
    spread = 1.4826 * np.median(np.abs(logs - np.median(logs))) + 0.05
    jump = np.log(max(after.max(), 1e-30)) - np.median(logs)
    return bool(jump > np.log(2.5) and jump > 4 * spread)


def _spike(series: Floats, *, z: float, times: float, minimum: float, possible: float) -> Sign:
    """The first jump out of the 128 values before, of at least 30; a third as large is possible.

    A rise from zero (dead units that become active) is no spike: it is a multiple of nothing.

    Args:
        series: one value per step.
        z: robust deviations of the logarithm, (ln v - median) / (1.4826 MAD + 0.05).
        times: times the median.
        minimum: the value it must have to be certain.
        possible: the value it must have to be possible.
    """
    logs = np.log(np.maximum(series, 1e-30))
    doubt = None
    for step in range(30, series.size):
        past = logs[max(step - 128, 0) : step]
        middle = np.median(past)
        score = (logs[step] - middle) / (1.4826 * np.median(np.abs(past - middle)) + 0.05)
        jump = float(np.exp(min(logs[step] - middle, 80)))
        if middle < np.log(1e-12) or score < 4 or jump < max(times / 3, 2.5) or series[step] < possible:
            continue
        evidence = f"{jump:.3g} × at step {step}, z {score:.1f}"
        after = series[step + 1 : step + 11]
        back = after.size >= 5 and np.log(max(np.median(after), 1e-30)) - middle < np.log(3)
        if score >= z and jump >= times and series[step] >= minimum and back:
            return Sign("certain", step, evidence)
        doubt = doubt or Sign("possible", step, evidence)
    return doubt or Sign("absent")
