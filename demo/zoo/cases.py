"""Trainings from a user's folder: the contents of its ``cases.py``, and how its labels are read.

``CASES`` maps names to objects with ``labels`` and ``also_ok`` (sets of words, see `WORDS`) and ``scored``;
``build_and_train(name, factory)`` trains one, with the Keras callback that ``factory(case, model, x, y)``
makes, and returns a tuple whose first item is Keras's history.
"""

import importlib.util
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import tb_gradhealth as gradhealth
from tb_gradhealth.demo.zoo.training import Reached, Training
from tb_gradhealth.scoring import Case, Fault
from tb_gradhealth.scoring.case import SYMPTOM_IDS

FILE: Final = "cases.py"

WORDS: Final = {
    "vanishing_gradients": ("vanishing-gradient",),
    "exploding_gradients": ("exploding-gradient",),
    "dead_relu": ("dead-units", "dead-layer"),
    "activation_spike": ("activation-spike",),
    "nan_inf": ("non-finite",),
    "saturated_activations": ("saturated-activation",),
    "oscillating_loss": ("loss-oscillating",),
    "not_learning": ("loss-stalled", "loss-diverging"),
}
"""The symptoms of a label's word; any of them counts."""

UNSPOKEN: Final = SYMPTOM_IDS - {symptom for symptoms in WORDS.values() for symptom in symptoms}
"""Symptoms without a word. In a broken training they are neither right nor wrong, in a healthy one absent."""


def trainings(folder: Path) -> Iterator[Training]:
    """The scored trainings of the folder, with names below ``cases/``."""
    module = _load(folder / FILE)
    for name, case in module.CASES.items():
        if getattr(case, "scored", True):
            yield Training(_case(name, case), partial(_train, module, name))


def _case(name: str, case: Any) -> Case:
    faults = [Fault(WORDS[word][0], step=None, alternatives=WORDS[word][1:]) for word in sorted(case.labels)]
    allowed = {symptom for word in case.also_ok for symptom in WORDS[word]}
    if faults:
        allowed |= UNSPOKEN
    return Case(f"cases/{name}", tuple(faults), frozenset(allowed))


def _train(module: ModuleType, name: str, log_dir: Path) -> Reached:
    history, *_ = module.build_and_train(name, lambda *_: gradhealth.KerasCallback(log_dir, overhead=None))
    return {metric: float(values[-1]) for metric, values in history.history.items()}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("gradhealth_cases", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"{path} is no file with cases")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module
    spec.loader.exec_module(module)
    return module
