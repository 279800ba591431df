"""The encyclopedia of symptoms: a page of each, from the texts and limits of the rules."""

import inspect
import re
import sys
from pathlib import Path
from typing import Final

from tb_gradhealth.health import SYMPTOMS, AnySymptom, parameters
from tb_gradhealth.health.results import FRAMEWORKS, amount
from tb_gradhealth.health.symptoms.no_gradient import NoGradient
from tb_gradhealth.rules import scope_sentence

PICTURES: Final = Path(__file__).parents[1] / "symptoms" / "pictures"

SOURCES: Final = {
    "AUTOTRAINER": "autotrainer",
    "DeepDiagnosis": "deepdiagnosis",
    "ReDo": "redo",
    "UMLAUT": "umlaut",
    "Cohen et al.": "edge-of-stability",
    "OLMo": "olmo-core",
    "PaLM": "palm",
    "Karpathy": "update-ratio",
    "Glorot": "initialization",
}
"""The names by which the rules cite their sources, and the anchors of ``sources.md``."""

NAMES: Final = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}

UNITS: Final = {
    "share": "a share, shown in per cent",
    "z": "a robust z score",
    "times": "a multiple",
    "ratio": "a ratio",
    "elements": "a number of elements",
    "steps": "a number of steps",
    "variables": "a number of variables",
}


def pages() -> dict[str, str]:
    """The page of each symptom, by its path in the site."""
    return {f"symptoms/{symptom.id}.md": page(symptom) for symptom in SYMPTOMS.values()}


def navigation() -> list[dict[str, str]]:
    """The entries of the navigation."""
    return [{symptom.title: f"symptoms/{symptom.id}.md"} for symptom in SYMPTOMS.values()]


def page(symptom: type[AnySymptom]) -> str:
    """The page of a symptom, as Markdown."""
    parts = [
        f"# {symptom.title}",
        f"`{symptom.id}`",
        symptom.meaning,
        pictures(symptom.id),
        "## How it is measured",
        f"    {symptom.measure}",
        inspect.getdoc(symptom) or "",
        sources(symptom),
        "## When it is a finding",
        "\n".join(f"- {sentence}" for sentence in behaviour(symptom)),
        "## Limits",
        limits(symptom),
        f"A [rule file](../how-to/rules.md) changes them, in its table `[symptoms.{symptom.id}]`.",
        "## Usual causes",
        "\n".join(f"- {cause}" for cause in symptom.causes),
        "## What to try",
        advice(symptom),
        "## What it does not see",
        f"{scope_sentence(symptom)}\n\nA tensor has no value while this holds: {symptom.needs}.",
        "## Related symptoms",
        related(symptom),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def pictures(symptom: str) -> str:
    """The charts of a healthy and of a sick run, as `draw_symptoms.py` made them."""
    if symptom == NoGradient.id:
        return "There is no chart of it: a gradient that is None has no numbers."
    figures = [_figure(symptom, health) for health in ("sick", "healthy")]
    return f'<div class="charts" markdown="0">\n{"".join(figures)}</div>'


def _figure(symptom: str, health: str) -> str:
    file = PICTURES / f"{symptom}-{health}.svg"
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing: run docs/building/draw_symptoms.py")
    drawing = file.read_text("utf-8")
    (caption,) = re.findall(r"<desc[^>]*>(.*?)</desc>", drawing, re.DOTALL)
    # A blank line would end the block of HTML within Markdown.
    drawing = re.sub(r"\n\s*\n", "\n", drawing[drawing.index("<svg") :])
    return f"<figure>\n{drawing}<figcaption>{caption}</figcaption>\n</figure>\n"


def sources(symptom: type[AnySymptom]) -> str:
    """The papers that the symptom's file names."""
    text = inspect.getsource(sys.modules[symptom.__module__])
    cited = [f"[{name}](sources.md#{anchor})" for name, anchor in SOURCES.items() if name in text]
    if cited:
        return f"Sources: {', '.join(cited)}."
    if parameters(symptom.limits_type)["threshold"].default == 0:
        return ""
    return (
        "The rule cites no publication. Its limits were set on the trainings of "
        "[`gradhealth score`](../how-to/score.md)."
    )


def behaviour(symptom: type[AnySymptom]) -> list[str]:
    """How a finding opens, closes and is weighed, a sentence each."""
    opens = (
        "A finding opens at the first record beyond the limit."
        if symptom.immediate
        else "A finding opens when three of the last five records with a value are beyond the limit."
    )
    sentences = [opens]
    if symptom.info_while_undecided:
        sentences.append("It is information until it is known whether the training learns.")
    if not symptom.weighed_by_loss:
        sentences.append("Its severity does not depend on whether the training learns.")
    elif symptom.raised_by_loss:
        sentences.append(
            "If the training learns, it is lowered to information; if it does not, a warning is raised to "
            "critical."
        )
    else:
        sentences.append("If the training learns, it is lowered to information.")
    if symptom.info_when_resolved:
        ending = ", unless the loss diverged meanwhile" if symptom.unless_diverged else ""
        sentences.append(f"A resolved one is information{ending}.")
    if not symptom.needs_finite:
        sentences.append("It is judged even while the loss or the weights are not finite.")
    return sentences


def limits(symptom: type[AnySymptom]) -> str:
    """The table of the limits."""
    lines = ["| limit | default | range | meaning |", "|---|--:|---|---|"]
    for limit in parameters(symptom.limits_type).values():
        low = "" if limit.minimum is None else f"from {limit.minimum:g}"
        high = "" if limit.maximum is None else f"to {limit.maximum:g}"
        permitted = " ".join(filter(None, (low, high))) or "any"
        lines.append(f"| `{limit.name}` | {limit.default:g} | {permitted} | {limit.meaning} |")
    unit = UNITS.get(symptom.unit)
    threshold = parameters(symptom.limits_type)["threshold"].default
    side = "Larger" if symptom.direction == "above" else "Smaller"
    shown = f" It is {unit}: {amount(threshold, symptom.unit)}." if unit else ""
    return "\n".join(lines) + f"\n\n{side} values than `threshold` are beyond the limit.{shown}"


def advice(symptom: type[AnySymptom]) -> str:
    """What to try, in the words of each framework where they differ."""
    lists = {framework: symptom.advice_for(framework) for framework in FRAMEWORKS}
    if len(set(lists.values())) == 1:
        return _bullets(symptom.advice_for())
    return "\n\n".join(
        f'=== "{NAMES[framework]}"\n\n' + _indented(_bullets(texts)) for framework, texts in lists.items()
    )


def related(symptom: type[AnySymptom]) -> str:
    """The symptoms that it leads to, and those that lead to it."""
    causes = [other.id for other in SYMPTOMS.values() if symptom.id in other.leads_to]
    lines = []
    if symptom.leads_to:
        lines.append(f"It is known to lead to {_links(sorted(symptom.leads_to))}.")
    if causes:
        lines.append(f"It is known to follow from {_links(causes)}.")
    return "\n\n".join(lines) or "None is known to lead to it or to follow from it."


def _links(symptoms: list[str]) -> str:
    return ", ".join(f"[{SYMPTOMS[each].title}]({each}.md)" for each in symptoms)


def _bullets(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
