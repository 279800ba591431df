"""Which kinds of tensors a symptom judges: its scope over a structure that has a row of each kind."""

from functools import cache
from itertools import product
from typing import Final, get_args

import numpy as np

from tb_gradhealth.health import AnySymptom, Limits, parameters
from tb_gradhealth.health.protocol import Scope, Structure
from tb_gradhealth.record import Kind, Role, Row

_SHAPES: Final[dict[str, tuple[int, ...]]] = {"bias": (64,), "norm": (64,), "loss": ()}

DTYPES: Final = ("float32", "float16")

KIND_NAMES: Final = {
    "gradient": "gradients",
    "clipped": "clipped gradients",
    "weight": "weights",
    "update": "updates",
    "activation": "activations",
    "input": "inputs",
    "target": "targets",
    "loss": "the loss",
    "training": "numbers of the training",
}


def judged_kinds(symptom: type[AnySymptom]) -> list[str]:
    """The kinds of tensors that a symptom judges, in the order of `Kind`."""
    scope, structure = _scope(symptom), _example_structure()
    kinds = {structure.rows[index].kind for index in np.flatnonzero(scope.judged).tolist()}
    return [kind for kind in get_args(Kind) if kind in kinds]


def scope_sentence(symptom: type[AnySymptom]) -> str:
    """The kinds that a symptom judges and the reasons why it excludes rows, as a sentence."""
    judged = ", ".join(KIND_NAMES[kind] for kind in judged_kinds(symptom))
    reasons = [reason for reason, rows in _scope(symptom).excluded.items() if rows.any()]
    return f"Judges {judged}" + (f"; leaves out: {'; '.join(reasons)}." if reasons else ".")


@cache
def _scope(symptom: type[AnySymptom]) -> Scope:
    return symptom(_defaults(symptom)).scope(_example_structure())


def _defaults(symptom: type[AnySymptom]) -> Limits:
    tunable = parameters(symptom.limits_type).values()
    return symptom.limits_type(**{parameter.name: parameter.default for parameter in tunable})


@cache
def _example_structure() -> Structure:
    """A row of each kind, role, activation function and precision, and one row without a gradient."""
    rows = [Row("loss", "loss", "loss", "loss", 99)]
    rows.append(Row("input", "input", "input", "other", 0, (-1, 64)))
    rows.append(Row("target", "target", "target", "other", 99, (-1, 64)))
    rows.append(Row("answer", "activation", "answer", "activation", 97, (-1, 64), "float32", "softmax", True))
    rows += [Row(name, "training", "", "other", 99) for name in ("learning_rate", "skipped_steps")]
    functions = ("relu", "tanh", "linear", "softmax")
    for depth, (role, function) in enumerate(product(get_args(Role), functions)):
        if role == "loss":
            continue
        layer = f"{role}_{function}"
        kinds: tuple[Kind, ...] = ("gradient", "clipped", "weight", "update")
        rows += [
            Row(layer, kind, layer, role, depth, _SHAPES.get(role, (64, 64)), DTYPES[depth % 2], function)
            for kind in (("activation",) if role == "activation" else kinds)
        ]
    rows.append(
        Row("missing", "gradient", "missing", "kernel", 98, (64, 64), not_measured="gradient is None")
    )
    return Structure.of(rows, {"every": 10})
