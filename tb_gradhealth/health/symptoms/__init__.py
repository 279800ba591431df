"""The symptoms, one per file: its texts, its formula with the source, its rule. `SYMPTOMS` lists them.

A new symptom is a new file and an entry in `SYMPTOMS`; rule files, their schema, the command line and the tab
are made from that table.
"""

from typing import Final

from tb_gradhealth.health.protocol import AnySymptom
from tb_gradhealth.health.symptoms.activation_spike import ActivationSpike
from tb_gradhealth.health.symptoms.dead_layer import DeadLayer
from tb_gradhealth.health.symptoms.dead_units import DeadUnits
from tb_gradhealth.health.symptoms.dormant_units import DormantUnits
from tb_gradhealth.health.symptoms.exploding_gradient import ExplodingGradient
from tb_gradhealth.health.symptoms.gradient_spike import GradientSpike
from tb_gradhealth.health.symptoms.input_scale import InputScale
from tb_gradhealth.health.symptoms.loss_diverging import LossDiverging
from tb_gradhealth.health.symptoms.loss_oscillating import LossOscillating
from tb_gradhealth.health.symptoms.loss_scaling import LossScaling
from tb_gradhealth.health.symptoms.loss_spike import LossSpike
from tb_gradhealth.health.symptoms.loss_stalled import LossStalled
from tb_gradhealth.health.symptoms.no_gradient import NoGradient
from tb_gradhealth.health.symptoms.non_finite import NonFinite
from tb_gradhealth.health.symptoms.poor_initialization import PoorInitialization
from tb_gradhealth.health.symptoms.precision_underflow import PrecisionUnderflow
from tb_gradhealth.health.symptoms.saturated_activation import SaturatedActivation
from tb_gradhealth.health.symptoms.untouched_embedding import UntouchedEmbedding
from tb_gradhealth.health.symptoms.update_ratio import UpdateRatio
from tb_gradhealth.health.symptoms.vanishing_gradient import VanishingGradient
from tb_gradhealth.health.symptoms.weight_growth import WeightGrowth

SYMPTOMS: Final[dict[str, type[AnySymptom]]] = {
    symptom.id: symptom
    for symptom in (
        NonFinite,
        NoGradient,
        ExplodingGradient,
        VanishingGradient,
        DeadLayer,
        DeadUnits,
        DormantUnits,
        SaturatedActivation,
        GradientSpike,
        ActivationSpike,
        LossSpike,
        LossStalled,
        LossDiverging,
        LossOscillating,
        UpdateRatio,
        WeightGrowth,
        PoorInitialization,
        InputScale,
        LossScaling,
        PrecisionUnderflow,
        UntouchedEmbedding,
    )
}
