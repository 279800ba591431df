"""Advice names things of the framework that wrote the run, of no other one, and things that exist."""

import re
import subprocess
import sys

import pytest

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.health.results import FRAMEWORKS, TERMS, framework_of
from tb_gradhealth.report.incidents import incidents_of
from tb_gradhealth.watch.changes import Change
from tb_gradhealth.watch.notify.notification import Notification

NAMES = {
    "tensorflow": r"(?i)keras|tensorflow|\btf\.|clipnorm|trainable|from_logits|\w+Normalization\b",
    "torch": r"(?i)torch|(?<!jax\.)\bnn\.|requires_grad|clip_grad_norm_|parameter group",
    "jax": r"(?i)\bjax|optax|flax|equinox|param_dtype",
}
"""Names that only one framework's users know."""

IMPORTS = {
    "torch": "import torch; from torch import nn",
    "jax": "import jax, optax, jax.numpy, flax.training.dynamic_scale",
    "tensorflow": "import tensorflow as tf",
}


@pytest.mark.parametrize("framework", ["", *FRAMEWORKS])
@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_text_is_in_the_words_of_one_framework(symptom, framework):
    texts = SYMPTOMS[symptom].advice_for(framework)
    assert len(texts) == len(SYMPTOMS[symptom].advice)
    for text in texts:
        assert not re.search(r"[{}]|  | ,| \.$", text), text
        assert re.fullmatch(r"[A-Z].*[.?]", text), text
        for other, names in NAMES.items():
            assert other == framework or not re.search(names, text), text


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_texts_without_a_framework_name_none(symptom):
    texts = SYMPTOMS[symptom]
    for text in (texts.title, texts.meaning, *texts.causes, texts.measure):
        for names in NAMES.values():
            assert not re.search(names, text), text
        assert not re.search(r"[{}]", text), text


def test_every_placeholder_is_used():
    used = {
        name for each in SYMPTOMS.values() for text in each.advice for name in re.findall(r"{(\w+)}", text)
    }
    assert used == set(TERMS)


@pytest.mark.training
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_names_in_an_advice_exist_in_the_framework(framework):
    words = " ".join(getattr(term, framework) for term in TERMS.values())
    names = set(re.findall(r"\b(?:nn|torch|jax|optax|flax|tf)(?:\.\w+)+", words))
    assert names
    code = "\n".join([IMPORTS[framework], *sorted(names)])
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)


@pytest.mark.parametrize(
    ("settings", "framework"),
    [
        ({"framework": "keras"}, "tensorflow"),
        ({"framework": "tensorflow"}, "tensorflow"),
        ({}, "tensorflow"),
        ({"framework": "torch"}, "torch"),
        ({"framework": "jax"}, "jax"),
        ({"framework": "numpy"}, ""),
        ({"framework": None}, ""),
        ({"framework": 7}, ""),
    ],
)
def test_the_framework_in_the_settings(settings, framework):
    assert framework_of(settings) == framework


@pytest.mark.parametrize(("name", "framework"), [("keras", "tensorflow"), ("jax", "jax"), ("numpy", "")])
def test_a_finding_has_the_framework_of_its_recorder(training, rows, name, framework):
    run = training([rows.dense(0)], framework=name)
    run.record([{"nan_count": 1.0}])
    assert {finding.framework for finding in run.findings().values()} == {framework}


@pytest.mark.parametrize(
    ("name", "clipping"),
    [
        ("torch", "torch.nn.utils.clip_grad_norm_"),
        ("jax", "optax.clip_by_global_norm"),
        ("keras", "global_clipnorm=1.0"),
        ("numpy", "by their global norm"),
    ],
)
def test_notifications_and_incidents_use_them(training, rows, name, clipping):
    run = training([rows.dense(0)], framework=name)
    run.record([{"nan_count": 1.0}])
    (finding,) = run.findings().values()
    notification = Notification.of(Change("new", "run", finding), "/logs")
    assert any(clipping in text for text in notification.values["advice"])
    (incident,) = incidents_of([finding], {}, 0)
    first = next(text for text in notification.values["advice"] if not text.startswith("Look "))
    assert incident.text.endswith(first)
