"""Compares rule sets symptom by symptom."""

from dataclasses import replace

from tb_gradhealth.health import SYMPTOMS, AnySymptom, RuleSet, SymptomRules, parameters


def differing_symptoms(one: RuleSet, other: RuleSet) -> frozenset[str]:
    """Ids of the symptoms for which two rule sets have different rules; mutes are not compared."""
    return frozenset(
        name for name, symptom in SYMPTOMS.items() if _complete(symptom, one) != _complete(symptom, other)
    )


def _complete(symptom: type[AnySymptom], rules: RuleSet) -> SymptomRules:
    """The rules of a symptom including the limits that have their default."""
    own = rules.symptom(symptom.id)
    defaults = {name: parameter.default for name, parameter in parameters(symptom.limits_type).items()}
    return replace(own, limits={**defaults, **own.limits})
