"""`python docs/building/draw_symptoms.py LOGDIR`: the charts of the encyclopedia, from real trainings.

Trains what LOGDIR does not hold yet, some minutes on two cores, and writes ``docs/symptoms/pictures``.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import optimizers
from rich.console import Console

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.run import train_all
from tb_gradhealth.demo.zoo.tables import digits
from tb_gradhealth.events import Root
from tb_gradhealth.health import SYMPTOMS, RunHealth
from tb_gradhealth.health.results import amount
from tb_gradhealth.health.series import Buckets
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.report.chart_points import POINTS, Points
from tb_gradhealth.report.html import environment
from tb_gradhealth.report.svg import line_chart

PICTURES: Final = Path(__file__).parents[1] / "symptoms" / "pictures"

LOSS_SCALING: Final = "loss_scaling_start"
"""A training that the zoo lacks: its loss scale starts far too large for float16."""

RUNS: Final = {
    "non-finite": ("non_finite_division_seed4", "relu_mlp_digits_wide_seed4"),
    "exploding-gradient": ("exploding_rate0.6_seed0", "relu_mlp_digits_wide_seed4"),
    "vanishing-gradient": ("vanishing_sigmoid_depth7_seed0", "tanh_mlp_digits_seed0"),
    "dead-layer": ("dead_layer_rate_zero_later_seed4", "relu_mlp_digits_wide_seed4"),
    "dead-units": ("dead_units_shock80_seed4", "relu_mlp_digits_wide_seed4"),
    "dormant-units": ("dormant_units40_seed0", "relu_mlp_digits_wide_seed4"),
    "saturated-activation": ("saturated_sigmoid_weights30_seed4", "tanh_mlp_digits_seed0"),
    "gradient-spike": ("spike_targets_diabetes8_seed0", "lstm_noise_seed0"),
    "activation-spike": ("spike_activation_glare10_seed0", "relu_mlp_digits_wide_seed4"),
    "loss-spike": ("spike_targets_diabetes8_seed0", "lstm_noise_seed0"),
    "loss-stalled": ("loss_stalled_labels_seed0", "relu_mlp_digits_wide_seed4"),
    "loss-diverging": ("loss_diverging_later_seed4", "relu_mlp_digits_wide_seed4"),
    "loss-oscillating": ("loss_oscillating_rate_seed6", "relu_mlp_digits_wide_seed4"),
    "update-ratio": ("update_ratio_large_adam0.2_seed0", "silu_mlp_digits_seed4"),
    "weight-growth": ("weight_growth_bottomless_seed4", "relu_mlp_digits_wide_seed4"),
    "poor-initialization": ("poor_initialization_gain0.05_seed0", "relu_mlp_digits_deep_seed5"),
    "input-scale": ("input_scale_pixels255_seed0", "relu_mlp_digits_wide_seed4"),
    "loss-scaling": (LOSS_SCALING, "mixed_float16_cnn_seed4"),
    "precision-underflow": ("precision_underflow_1e-3_seed0", "mixed_float16_cnn_seed4"),
    "untouched-embedding": ("untouched_embedding2_seed0", "embedding_mlp_width8_seed0"),
}
"""A sick and a healthy training of each symptom; a gradient that is None has no values to draw."""


def main(logdir: Path) -> None:
    """Train what is missing, and draw all charts."""
    names = sorted({name for pair in RUNS.values() for name in pair} - {LOSS_SCALING})
    train_all(names, logdir, 1, None, Console())
    if not (logdir / LOSS_SCALING).exists():
        _train_loss_scaling(logdir / LOSS_SCALING)
    monitor = Monitor([Root(str(logdir))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        _draw_all({name: run.health for name, run in snapshot.runs.items()})


def _draw_all(runs: Mapping[str, RunHealth]) -> None:
    PICTURES.mkdir(exist_ok=True)
    for symptom, (sick, healthy) in RUNS.items():
        for state, name in (("sick", sick), ("healthy", healthy)):
            drawing = draw(symptom, name, runs[name], is_sick=state == "sick")
            (PICTURES / f"{symptom}-{state}.svg").write_text(drawing, "utf-8")


def draw(symptom: str, name: str, health: RunHealth, *, is_sick: bool) -> str:
    """The chart of the value that a rule measured in a run.

    Args:
        symptom: the rule's id.
        name: of the run.
        health: of the run.
        is_sick: whether the run has a finding of the symptom, which is drawn; else its worst tensor is.

    Raises:
        ValueError: a sick run has no such finding, a healthy one has one, or the rule measured nothing.
    """
    findings = [finding for finding in health.findings() if finding.symptom == symptom]
    if is_sick != bool(findings):
        raise ValueError(f"{name}: {len(findings)} findings of {symptom}")
    rule = SYMPTOMS[symptom]
    opened, last, peak = 0, 0, None
    if is_sick:
        finding = findings[0]
        evidence = health.evidence(finding.id).columns
        steps, values, tensor, threshold = (
            evidence["step"],
            evidence["value"],
            finding.tensor,
            finding.threshold,
        )
        opened, last, peak = finding.opened_step, finding.last_step, (finding.peak_step, finding.value)
        text = f"A sick run: {finding.message}"
    else:
        steps, values, tensor, threshold = _worst(health, symptom)
        finite = values[np.isfinite(values)]
        extreme = finite.max() if rule.direction == "above" else finite.min()
        bound = "most" if rule.direction == "above" else "least"
        text = (
            f"A healthy run: {rule.labels.value} of {tensor}, at {bound} "
            f"{amount(float(extreme), rule.unit)}; the limit is {amount(threshold, rule.unit)}."
        )
        if (extreme > threshold) == (rule.direction == "above") and extreme != threshold:
            text += " The value alone is no fault: the rule's other conditions do not hold."
        opened = int(steps[0])
    buckets = Buckets(steps, np.ones(steps.size, np.int64), values[None], values[None], values[None], True)
    chart = line_chart(
        Points.of(buckets.pooled(POINTS)),
        width=400,
        height=200,
        opened_step=opened,
        last_step=last,
        unit=rule.unit,
        threshold=threshold,
        peak=peak,
        logarithmic=rule.logarithmic,
    )
    axis = f"{rule.labels.value}{', logarithmic' if chart.is_logarithmic else ''}"
    identity = f"{symptom}-{'sick' if is_sick else 'healthy'}"
    svg = str(
        environment()
        .get_template("chart.svg.j2")
        .module.svg(chart, identity, f"{rule.title}: {name}", text, axis)
    ).strip()
    if not is_sick:
        svg = re.sub(r'<(path|text) class="opening.*\n', "", svg)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _worst(health: RunHealth, symptom: str) -> tuple[Any, Any, str, float]:
    """Steps and values of the tensor of a run that comes closest to the limit, its name, and the limit."""
    rule = SYMPTOMS[symptom]
    sign = 1 if rule.direction == "above" else -1
    found = []
    for stream in health._streams.values():  # the values of rules without a finding have no public door
        points, steps = stream.history.record_points(), stream.history.steps().astype(np.float64)
        for runner in stream.runners():
            if runner.rule.id != symptom:
                continue
            for index, row in enumerate(runner.rows):
                values = np.array([point.measured.of(symptom, index)[0] for point in points])
                if np.isfinite(values).any():
                    tensor = stream.structure.rows[row].tensor
                    found.append((np.nanmax(sign * values), steps, values, tensor, runner))
    if not found:
        raise ValueError(f"nothing was measured for {symptom}")
    _, steps, values, tensor, runner = max(found, key=lambda each: each[0])
    return steps, values, tensor, float(runner.rule.limits.threshold)


def _train_loss_scaling(folder: Path) -> None:
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)

    def network() -> keras.Model:
        keras.config.set_dtype_policy("mixed_float16")
        return mlp(64, [64, 48], 10)

    def optimizer() -> optimizers.Optimizer:
        return optimizers.LossScaleOptimizer(optimizers.Adam(2e-3), initial_scale=2.0**60)

    folder.mkdir(parents=True)
    Fit(network, digits, optimizer)(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
