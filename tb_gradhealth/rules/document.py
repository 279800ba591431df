"""The default rules as a rule file: every number with its meaning."""

from tb_gradhealth.health import SYMPTOMS, AnySymptom, parameters


def document() -> str:
    """The default rules as TOML."""
    head = "# The default rules of tb_gradhealth. Keep what you change, delete the rest.\nversion = 1\n"
    return "\n".join([head, *(_symptom(symptom) for symptom in SYMPTOMS.values())])


def _symptom(symptom: type[AnySymptom]) -> str:
    lines = [f"# {symptom.title}: {symptom.measure}", f"[symptoms.{symptom.id}]", "enabled = true"]
    tunable = parameters(symptom.limits_type).values()
    # Python's numbers are TOML's: 1e-07 is fine there too.
    lines += [f"{parameter.name} = {parameter.default!r}  # {parameter.meaning}" for parameter in tunable]
    return "\n".join(lines) + "\n"
