"""Trainings with one planted fault each, one symptom per file, dosed from barely to badly.

``allowed`` names the consequences of the fault; before the fault begins nothing is allowed. Where a network
learns in spite of its fault, a finding is correctly lowered to information: ``minimum_severity="info"``.
"""

from tb_gradhealth.demo.zoo.broken import (
    activation_spike,
    dead_layer,
    dead_units,
    dormant_units,
    exploding_gradient,
    gradient_and_loss_spike,
    input_scale,
    loss_trends,
    no_gradient,
    non_finite,
    poor_initialization,
    precision_underflow,
    saturated_activation,
    untouched_embedding,
    update_ratio,
    vanishing_gradient,
    weight_growth,
)

FAMILIES = (
    activation_spike,
    dead_layer,
    dead_units,
    dormant_units,
    exploding_gradient,
    gradient_and_loss_spike,
    input_scale,
    loss_trends,
    no_gradient,
    non_finite,
    poor_initialization,
    precision_underflow,
    saturated_activation,
    untouched_embedding,
    update_ratio,
    vanishing_gradient,
    weight_growth,
)
