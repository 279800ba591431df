"""What is true of a training, by definitions of its own, from what the probe measured.

Nothing here knows what was drawn or planted, and nothing is taken from the product's rules. Each symptom
is certain, possible or absent. Between certain and absent lies a factor of about three on both sides of the
limit in SYMPTOMS.md: in this grey zone a finding is neither right nor wrong.

Most symptoms are harmful only where the training suffers. So they are certain only where it did not learn;
where it did, a certain one is grey and a doubtful one is absent: it may be told as information, and a
warning of it is a false alarm. What is wrong whatever comes of it (non-finite values, a variable without
a gradient, spikes of the loss) is not weighed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tb_gradhealth.demo.random_zoo.measurements import Measurements

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Answer = Literal["yes", "no", "unsure"]
Degree = Literal["certain", "possible", "absent"]

FLOAT32_MOST: Final = 3.4e38
FLOAT32_LEAST: Final = 1e-37


@dataclass(frozen=True)
class Sign:
    """What is true of one symptom in one training.

    Attributes:
        degree: certain (it must be found), possible (grey) or absent (finding it is a false alarm).
        since: the step at which it began, where it is certain; that of a possible spike.
        evidence: the measured numbers, for people.
    """

    degree: Degree
    since: int = 0
    evidence: str = ""


@dataclass(frozen=True)
class Truth:
    """Everything that is true of one training.

    Attributes:
        learned: whether its metric is far above chance, near what a reference learner reaches.
        signs: by symptom.
        evidence: metric, chance and reference, for people.
    """

    learned: Answer
    signs: Mapping[str, Sign]
    evidence: str = ""

    @property
    def healthy(self) -> bool:
        """It learned, and no symptom is certain or possible."""
        return self.learned == "yes" and all(sign.degree == "absent" for sign in self.signs.values())

    def of_degree(self, degree: Degree) -> dict[str, Sign]:
        """The symptoms of one degree."""
        return {symptom: sign for symptom, sign in self.signs.items() if sign.degree == degree}


def truth_of(measured: Measurements) -> Truth:
    """Judge one training."""
    known = _Known(measured, _finite_steps(measured), learned(measured))
    signs = {symptom: judge(known) for symptom, judge in SYMPTOMS.items()}
    heads = zip(measured.final, measured.chance, measured.reference, strict=True)
    evidence = "; ".join(
        f"metric {got:.2g}, chance {none:.2g}, reference {ref:.2g}" for got, none, ref in heads
    )
    return Truth(known.learned, signs, evidence)


def learned(measured: Measurements) -> Answer:
    """Whether every head got 60 % of the way from chance to the reference ("yes"), or none 20 % ("no").

    Both on all data after the last step and on the sample over the last looks, so that neither one lucky nor
    one unlucky moment decides. Where the reference learner finds next to nothing, only learning by heart can
    be learning. Where all targets are the same there is nothing to tell. Of a training that ended in NaN the
    looks before that tell: what it suffered from until then is not known by what NaN predicts.
    """
    end = _finite_steps(measured)
    sound = measured.metric if end == measured.steps else measured.metric[measured.looked < end]
    if len(sound) < 5:
        return "unsure"
    late = np.median(sound[-5:], axis=0)
    final = measured.final if end == measured.steps else late
    least, most = np.fmin(final, late), np.fmax(final, late)
    answers: set[Answer] = set()
    for low, high, none, ref in zip(least, most, measured.chance, measured.reference, strict=True):
        room = ref - none
        if not np.isfinite(room):
            answers.add("unsure")
            continue
        enough, little = (max(0.6 * room, 0.1), 0.2 * room) if room >= 0.1 else (0.3, 0.05)
        answers.add("yes" if low - none >= enough else "no" if high - none < little else "unsure")
    return answers.pop() if len(answers) == 1 else "unsure"


@dataclass(frozen=True)
class _Known:
    """The measurements with what every definition asks for.

    Attributes:
        m: the measurements.
        end: steps before anything was not finite; only those are judged.
        learned: whether the training did.
    """

    m: Measurements
    end: int
    learned: Answer

    @property
    def looks(self) -> Mask:
        """The looks before anything was not finite, [p]."""
        seen = self.m.looked < self.end if self.end < self.m.steps else self.m.looked <= self.end
        return seen & np.isfinite(self.m.sample_loss)

    @property
    def solved(self) -> Mask:
        """Looks at which nothing was left to learn, among those before anything was not finite."""
        return np.asarray(self.m.sample_loss[self.looks] < 1e-6)

    @property
    def matrices(self) -> npt.NDArray[np.intp]:
        """Places of the connected weight matrices, input first; embeddings are apart."""
        each = enumerate(self.m.variables)
        return np.array([k for k, v in each if v.matrix and v.connected and not v.embedding], np.intp)

    @property
    def hidden(self) -> Mask:
        """The taps that are no outputs of the model, [l]."""
        return np.array([not tap.output for tap in self.m.taps], bool)

    @property
    def worthless(self) -> float:
        """The loss of one that knows nothing: that of a constant prediction, or of the start if lower."""
        start = float(self.m.sample_loss[0])
        constant = float(self.m.constant_loss)
        return min(start, constant) if np.isfinite(start) else constant

    @property
    def spaced(self) -> float:
        """Steps from one look to the next."""
        return float(np.median(np.diff(self.m.looked))) if self.m.looked.size > 1 else 1.0

    def lasting(self, mask: Mask, steps: float) -> int | None:
        """The step since which a condition on the looks, [looks], held for so many steps; None if never."""
        wanted = max(int(np.ceil(steps / self.spaced)) + 1, 3)
        first = _run(mask, wanted)
        return None if first is None else int(self.m.looked[self.looks][first])

    def weigh(self, since: int | None, possible: bool, evidence: str) -> Sign:
        """A symptom that harms only where the training suffers."""
        if since is not None and self.learned == "no":
            return Sign("certain", since, evidence)
        if since is not None or (possible and self.learned != "yes"):
            return Sign("possible", evidence=evidence)
        return Sign("absent", evidence=evidence)


def _finite_steps(m: Measurements) -> int:
    """How many steps passed before loss, gradient or a weight was not a finite number of float32."""
    bad = ~np.isfinite(m.loss) | ~(m.gradient < FLOAT32_MOST).all(axis=1) | (m.input_finite == 0)
    at_look = ~np.isfinite(m.weight).all(axis=1)
    ends = [np.flatnonzero(bad)[:1], m.looked[at_look][:1] - 1, [m.steps]]
    return int(min(end for each in ends for end in each))


def non_finite(known: _Known) -> Sign:
    """A loss, weight, gradient or input is NaN or infinite in float32; close to it is possible."""
    m = known.m
    if known.end < m.steps:
        return Sign("certain", max(known.end, 0), f"from step {known.end}")
    largest = max(float(np.max(m.peak, initial=0)), float(np.max(m.gradient, initial=0)))
    # Squares and products inside a step overflow before its results do.
    return Sign("possible" if largest > 1e15 else "absent", evidence=f"largest {largest:.2g}")


def no_gradient(known: _Known) -> Sign:
    """The tape finds no way from the loss to a trainable variable."""
    lost = [variable.path for variable in known.m.variables if not variable.connected]
    return Sign("certain", 0, ", ".join(lost)) if lost else Sign("absent")


def dead_layer(known: _Known) -> Sign:
    """A weight matrix gets a gradient of exactly zero for 40 steps, or does not move while others do.

    Below float32's smallest number it may have been zero for the training; a vector alone proves little.
    Where the loss itself is zero nothing is left to learn, and no layer is dead.
    """
    m, places = known.m, known.matrices
    connected = np.array([variable.connected for variable in m.variables], bool)
    gradient, learns = m.gradient[: known.end], m.loss[: known.end, None] > 1e-6
    nothing = (gradient[:, places] == 0) & learns
    little = (gradient[:, connected] < FLOAT32_LEAST) & learns
    changed, due = m.changed[known.looks], ~known.solved
    still = (changed[:, places] == 0) & (changed.any(axis=1) & due)[:, None]
    starts, names = [], []
    for place, zero, rest in zip(places, nothing.T, still.T, strict=True):
        since = [start for start in (_run(zero, 40), known.lasting(rest, 40)) if start is not None]
        starts += since
        names += [m.variables[place].path] if since else []
    doubtful = any(_run(row, 7) is not None for row in little.T)
    doubtful |= known.lasting((changed == 0).any(axis=1) & due, 7) is not None
    return known.weigh(min(starts, default=None), doubtful, ", ".join(names))


def vanishing_gradient(known: _Known) -> Sign:
    """The loss's gradient fades on its way to the first layer, and so does that of the first matrix.

    Measured twice: its norm at the first layer's output / at the largest, and the first matrix's RMS / the
    largest one's. Both below 1/3000 for half of the run: certain. Of fewer than four matrices it is at most
    possible; so it is where the first matrix gets less than 3/1000 of the largest (of three, two may have
    faded, and the gradient at the only hidden layer's output tells nothing of what passes through it), or
    some other matrix less than 3/1000 of the median, or nothing.
    """
    m, places, looks = known.m, known.matrices, known.looks
    if places.size < 2 or m.arriving.shape[1] < 2 or not looks.any():
        return Sign("absent", evidence="too shallow")
    arriving, gradient = m.arriving[looks], m.sample_gradient[looks][:, places]
    signal, front = _share(arriving[:, 0], arriving), _share(gradient[:, 0], gradient)
    fade = np.fmax(signal, front)
    half = (known.end - 1) / 2
    since = known.lasting((fade < 1e-3 / 3) & (signal > 0) & (front > 0), half)
    small = (gradient[:, :-1] < 3e-3 * np.median(gradient, axis=1, keepdims=True)).any(axis=1)
    small |= (gradient[:, :-1] == 0).any(axis=1) | (front < 3e-3)
    possible = bool(((fade < 3e-3) | (small & ~known.solved)).mean() > 0.05)
    sign = known.weigh(since, possible, f"fades to {np.median(fade):.2g}")
    return Sign("possible", evidence=sign.evidence) if sign.degree == "certain" and places.size < 4 else sign


def exploding_gradient(known: _Known) -> Sign:
    """The gradient grows to 30 times its usual and its first size and stays large, or dwarfs its weights.

    Growth counts where the loss has risen by half as well: leaving a plateau, a gradient grows while the loss
    falls. What is back within 20 steps was a spike. Beside the weights it counts from 30 times RMS(w) on and
    beyond 1, for half of the finite steps, and only where the loss does not fall: unscaled targets make
    gradients large that do nothing but good, and the first steps are no measure. Matrices of fewer than 16
    elements do not count, as nowhere. What has grown so before nothing is finite any more has exploded as
    well, whatever was learned before.
    """
    m, end = known.m, known.end
    gradient = m.gradient[:end]
    if end < 3:
        return Sign("possible", evidence="too few finite steps")
    total = np.sqrt((gradient**2 * np.array([variable.size for variable in m.variables])).sum(axis=1))
    usual = np.array([np.median(total[: max(step, 3)]) for step in range(end)])
    growth = total / np.maximum(np.maximum(usual, 0.3 * np.median(total[:5])), 1e-30)
    losses = m.loss[:end]
    worse = losses > [1.5 * abs(np.median(losses[: max(step, 3)])) for step in range(end)]
    places = known.matrices
    places = places[[m.variables[place].size >= 16 for place in places]] if places.size else places
    look = np.clip(np.searchsorted(m.looked, np.arange(end), side="right") - 1, 0, None)
    matrices = gradient[:, places]
    ratio = np.where(matrices > 1, matrices / np.maximum(m.weight[look][:, places], 1e-3), 0)
    dwarfs = ratio.max(axis=1, initial=0)
    risen = _run((growth > 30) & worse, 3)
    stays = risen is not None and np.median(growth[risen : risen + 20]) > 3
    starts = [risen if stays else None]  # what is back soon was a spike
    if not np.median(losses[-5:]) < 0.7 * np.median(losses[:5]):
        starts.append(_run(dwarfs > 30, max(end // 2, 3)))
    to_the_end = end < m.steps and bool((growth[-2:] > 30).all())
    if to_the_end:
        starts.append(end - 2)
    since = min((start for start in starts if start is not None), default=None)
    thrown = bool((total[1:] > 30 * total[0]).any())  # its usual size was large from the second step on
    possible = thrown or _run(growth > 3.3, 3) is not None or _run(dwarfs > 3.3, 3) is not None
    if end < m.steps and end < 30:
        possible = True
    evidence = f"to {growth.max():.3g} × its usual size, {np.median(dwarfs):.2g} × the weights"
    if to_the_end and since is not None:
        return Sign("certain", since, evidence)
    return known.weigh(since, possible, evidence)


def dead_units(known: _Known) -> Sign:
    """Half of a hidden ReLU layer's units are 0 for the whole sample, to the end; under 7 %: absent.

    A model's output is not looked at, so one that is cut off at 0 may be dead.
    """
    outputs = any(tap.output and tap.function in ("relu", "relu6") for tap in known.m.taps)
    return _unless(outputs, _by_share(known, known.m.dead, known.m.dead, certain=0.5, possible=0.07))


def saturated_activation(known: _Known) -> Sign:
    """Three quarters of a hidden layer's units lie at the flat ends; under a quarter: absent.

    What gated cells give out is not looked at, so it may be saturated.
    """
    gated = any(tap.layer.startswith("recurrent") and not tap.function for tap in known.m.taps)
    return _unless(gated, _by_share(known, known.m.saturated, known.m.leaning, certain=0.75, possible=0.25))


def _unless(unseen: bool, sign: Sign) -> Sign:
    """The sign, but nothing is absent where some layers were not looked at."""
    return replace(sign, degree="possible") if unseen and sign.degree == "absent" else sign


def _by_share(known: _Known, sure: Floats, loose: Floats, *, certain: float, possible: float) -> Sign:
    looks, hidden = known.looks, known.hidden
    sure, loose = sure[looks][:, hidden], loose[looks][:, hidden]
    judged = np.isfinite(sure).all(axis=0) if len(sure) else np.zeros(sure.shape[1], bool)
    if not judged.any():
        return Sign("absent", evidence="no such function")
    worst, suspected = sure[:, judged].max(axis=1), loose[:, judged].max(axis=1)
    until_the_end = bool((worst[-3:] >= certain).all())
    since = known.lasting(worst >= certain, 20) if until_the_end else None
    # What began shortly before nothing was finite any more had no time to last.
    doubtful = known.lasting(suspected >= possible, 20) is not None or bool(
        (suspected[-3:] >= possible).any()
    )
    layer = [tap.layer for tap, keep in zip(known.m.taps, hidden, strict=True) if keep]
    named = np.array(layer)[judged][int(sure[-1, judged].argmax())]
    return known.weigh(since, doubtful, f"{worst[-1]:.0%} of {named}")


def loss_stalled(known: _Known) -> Sign:
    """The loss ends no better than a constant prediction or its start, and its last half brought nothing.

    One that was far better for a while and lost that again has diverged: as a stall it is only possible. So
    is a loss within 3 % of a constant prediction's whose metric says that something was learned.
    """
    loss = known.m.sample_loss[known.looks]
    if known.end < 60 or loss.size < 8:
        return Sign("absent" if known.end < known.m.steps else "possible", evidence="too short")
    middle, end = np.median(loss[loss.size // 3 : loss.size // 2 + 1]), np.median(loss[-loss.size // 4 :])
    evidence = f"{loss[0]:.3g}, {middle:.3g}, {end:.3g}; a constant prediction: {known.worthless:.3g}"
    if known.solved[-3:].all() or end < 0.7 * known.worthless:
        return Sign("absent", evidence=evidence)
    if known.learned == "yes":  # a loss that is no better than nothing contradicts its metric
        return Sign("absent" if end < 0.97 * known.worthless else "possible", evidence=evidence)
    flat = middle - end < 0.01 * abs(middle) and loss[-1] > 0.97 * middle
    nowhere = 0.97 * known.worthless < end < 1.5 * loss[0]
    never = (
        np.median(np.lib.stride_tricks.sliding_window_view(loss, 3), axis=-1).min() > 0.7 * known.worthless
    )
    whole = known.end >= 100 and known.end == known.m.steps
    certain = known.learned == "no" and flat and nowhere and never and whole
    return Sign("certain", 0, evidence) if certain else Sign("possible", evidence=evidence)


def loss_diverging(known: _Known) -> Sign:
    """The loss ends six times above its best and above where it began, and does not come back.

    Where it began may be its best: one that the first steps throw up has diverged.
    What was twice its best and above where it began for some looks, and came back, is possible.
    """
    loss = known.m.sample_loss[known.looks]
    if loss.size < 8:
        return Sign("possible", evidence="too short")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(loss, 3), axis=-1)
    best, end = min(smooth.min(), loss[0]), loss[-3:].min()
    evidence = f"began {loss[0]:.3g}, best {best:.3g}, ends {end:.3g}"
    if best <= 0:
        return Sign("absent", evidence=evidence)
    back = end < 0.7 * np.median(loss[loss.size // 2 :])
    if end > 6 * best and end > 2 * loss[0] and known.learned == "no" and not back:
        near = np.flatnonzero(loss <= 2 * best)
        return Sign("certain", int(known.m.looked[known.looks][near[-1]]) if near.size else 0, evidence)
    away = (smooth > 2 * np.minimum.accumulate(smooth)) & (smooth > loss[0])
    possible = (end > 1.3 * best and end > 0.5 * loss[0]) or np.count_nonzero(away) > 2
    return Sign("possible" if possible else "absent", evidence=evidence)


def loss_oscillating(known: _Known) -> Sign:
    """The sample's loss swings to and fro by twice its median, to the end, and stays near a worthless one's.

    The loss of a fixed sample: that of the batches swings with the batches.
    """
    loss = known.m.sample_loss[known.looks]
    late = loss[loss.size // 2 :]
    if late.size < 6:
        return Sign("absent" if known.end < 40 else "possible", evidence="too short")
    low, middle, high = np.quantile(late, (0.1, 0.5, 0.9))
    swing = (high - low) / max(abs(middle), 1e-12)
    changes = np.diff(late)
    large = np.abs(changes) > 0.2 * abs(middle)
    turns = np.mean((changes[1:] * changes[:-1] < 0) & large[1:] & large[:-1])
    evidence = f"swings by {swing:.2g} of {middle:.3g}, {turns:.0%} turn"
    settled = np.ptp(late[-4:]) < 0.5 * abs(np.median(late[-4:]))
    certain = swing > 2 and turns > 0.4 and middle > 0.5 * known.worthless and known.end == known.m.steps
    certain = certain and not settled
    if certain and known.learned == "no":
        return Sign("certain", int(known.m.looked[known.looks][loss.size // 2]), evidence)
    possible = swing > 0.33 and turns > 0.1 and known.learned != "yes"
    return Sign("possible" if certain or possible else "absent", evidence=evidence)


def loss_spike(known: _Known) -> Sign:
    """A batch's loss jumps eightfold, to half of the first losses at least, and comes back."""
    loss = known.m.loss[: known.end]
    first = np.median(loss[:5]) if loss.size else 0.0
    return _spike(loss, z=10, times=8, minimum_severity=0.5 * first, possible=0.1 * first)


def gradient_spike(known: _Known) -> Sign:
    """The gradient's norm jumps tenfold and comes back, and the loss takes notice.

    Where the loss does not, or where only that of one matrix jumps, it is possible. (In a training that
    learned, of one matrix only where the loss took notice.)
    """
    gradient = known.m.gradient[: known.end]
    total = np.sqrt((gradient**2).sum(axis=1))
    first = float(np.median(total[:5])) if total.size else 0.0
    sign = _if_noticed(
        known, _spike(total, z=10, times=10, minimum_severity=0.3 * first, possible=0.1 * first)
    )
    if sign.degree != "absent":
        return sign
    for series in gradient[:, known.matrices].T:
        alone = _spike(series, z=10, times=10, minimum_severity=0, possible=0)
        if alone.degree != "absent" and (known.learned != "yes" or _noticed(known, alone.since)):
            return Sign("possible", evidence=f"of one matrix {alone.evidence}")
    return sign


def activation_spike(known: _Known) -> Sign:
    """The largest output of some layer jumps tenfold and comes back, and the loss takes notice.

    Where it does not, a wide batch went through without harm: worth knowing, so it is possible.
    """
    signs = [
        _spike(peak[: known.end], z=12, times=10, minimum_severity=0, possible=0) for peak in known.m.peak.T
    ]
    by_degree = {
        degree: [sign for sign in signs if sign.degree == degree] for degree in ("certain", "possible")
    }
    certain = sorted(by_degree["certain"], key=lambda sign: sign.since)
    return _if_noticed(known, next(iter((*certain, *by_degree["possible"])), Sign("absent")))


def _if_noticed(known: _Known, sign: Sign) -> Sign:
    """The sign, but what the loss did not notice is only possible."""
    if sign.degree != "certain" or _noticed(known, sign.since):
        return sign
    return Sign("possible", evidence=sign.evidence)


def _noticed(known: _Known, step: int) -> bool:
    """Whether the loss of a step, or of the three after it, is far above that of the 128 before."""
    loss = np.abs(known.m.loss[: known.end])
    before, after = loss[max(step - 128, 0) : step], loss[step : step + 4]
    logs = np.log(np.maximum(before, 1e-30))
    spread = 1.4826 * np.median(np.abs(logs - np.median(logs))) + 0.05
    jump = np.log(max(after.max(), 1e-30)) - np.median(logs)
    return bool(jump > np.log(2.5) and jump > 4 * spread)


def _spike(series: Floats, *, z: float, times: float, least: float, possible: float) -> Sign:
    """The first jump out of the 128 values before, of 30 at least; a third as large is possible.

    What comes out of silence (dead units that wake) is no spike: there is nothing it is a multiple of.

    Args:
        series: one value a step.
        z: robust deviations of the logarithm, (ln v - median) / (1.4826 MAD + 0.05).
        times: times the median.
        least: the value it must have to be certain.
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
        if score >= z and jump >= times and series[step] >= least and back:
            return Sign("certain", step, evidence)
        doubt = doubt or Sign("possible", step, evidence)
    return doubt or Sign("absent")


def _share(of: Floats, among: Floats) -> Floats:
    """A value's share of the largest in its row, NaN where there is none."""
    largest = among.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((largest > 0) & np.isfinite(largest), of / largest, np.nan)


def _run(mask: Mask, length: int) -> int | None:
    """Where the first run of so many true ones begins."""
    if mask.size < length:
        return None
    whole = np.lib.stride_tricks.sliding_window_view(mask, length).all(axis=-1)
    return int(whole.argmax()) if whole.any() else None


SYMPTOMS: Final[Mapping[str, Callable[[_Known], Sign]]] = {
    "non-finite": non_finite,
    "no-gradient": no_gradient,
    "dead-layer": dead_layer,
    "vanishing-gradient": vanishing_gradient,
    "exploding-gradient": exploding_gradient,
    "dead-units": dead_units,
    "saturated-activation": saturated_activation,
    "loss-stalled": loss_stalled,
    "loss-diverging": loss_diverging,
    "loss-oscillating": loss_oscillating,
    "loss-spike": loss_spike,
    "gradient-spike": gradient_spike,
    "activation-spike": activation_spike,
}
"""The definitions. Symptoms that are not here are judged in healthy trainings only: they have none."""
