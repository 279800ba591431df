"""One file a symptom: its words, its formula, its rule. A new one is a new file and a row here."""

from typing import Final

from tb_gradhealth.health.symptom import Symptom
from tb_gradhealth.health.symptoms.activation_spike import ActivationSpike
from tb_gradhealth.health.symptoms.dead_units import DeadUnits
from tb_gradhealth.health.symptoms.exploding_gradient import ExplodingGradient
from tb_gradhealth.health.symptoms.non_finite import NonFinite
from tb_gradhealth.health.symptoms.vanishing_gradient import VanishingGradient

SYMPTOMS: Final[dict[str, type[Symptom]]] = {
    symptom.id: symptom
    for symptom in (NonFinite, VanishingGradient, ExplodingGradient, DeadUnits, ActivationSpike)
}
