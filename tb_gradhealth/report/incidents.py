"""Incidents in sentences: what happened, what followed, how the loss went, and what to try first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, Finding, Severity
from tb_gradhealth.health.results import Framework, amount, counted, listed, loss_name, number
from tb_gradhealth.record import Kind

NAMED: Final = 3
"""Tensors of one symptom that a sentence names; further ones are counted."""

SUBJECTS: Final = {
    "gradient": ("the gradient of", "the gradients of"),
    "clipped": ("the clipped gradient of", "the clipped gradients of"),
    "weight": ("the weight", "the weights"),
    "update": ("the update of", "the updates of"),
    "activation": ("the output of", "the outputs of"),
    "input": ("the model's input", "the model's inputs"),
    "target": ("the target", "the targets"),
    "loss": ("the loss", "the losses"),
    "training": ("the training's", "the training's"),
}
"""What a sentence says before the name of a tensor, and before several, by kind."""


@dataclass(frozen=True)
class LossCourse:
    """A recorded loss around an incident.

    Attributes:
        tensor: name of the loss; empty where no loss was recorded.
        before: step and value of the last finite loss up to the beginning of the incident, or of the first
            one after it; None without one.
        newest: step and value of the last finite loss; None without one.
        bad_since: the step since which the loss is not finite; None where its newest value is finite.
    """

    tensor: str = ""
    before: tuple[int, float] | None = None
    newest: tuple[int, float] | None = None
    bad_since: int | None = None


NO_LOSS: Final = LossCourse()


@dataclass(frozen=True)
class Incident:
    """Findings with a common beginning or cause, and their description.

    Attributes:
        id: of the incident, unique in its run.
        severity: that of its worst finding that is not muted; of its worst finding where all are muted.
        title: the origin in a few words.
        sentences: the description; no sentence is empty.
        findings: the origin first.
    """

    id: str
    severity: Severity
    title: str
    sentences: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def origin(self) -> Finding:
        """The finding that the description begins with."""
        return self.findings[0]

    @property
    def text(self) -> str:
        """The description as a paragraph."""
        return " ".join(self.sentences)

    def as_json(self) -> dict[str, object]:
        """The incident as plain JSON values; its findings by their ids."""
        return {
            "id": self.id,
            "severity": self.severity,
            "title": self.title,
            "text": self.text,
            "origin": self.origin.id,
            "findings": [finding.id for finding in self.findings],
        }


def incidents_of(
    findings: Iterable[Finding], losses: Mapping[str, LossCourse], last_step: int | None
) -> tuple[Incident, ...]:
    """The incidents of a run in the order of their findings.

    Args:
        findings: sorted, so that those of an incident follow each other, the origin first.
        losses: the course of the loss by incident; a missing one counts as no loss.
        last_step: the latest recorded step of the run; None without records.
    """
    groups = groupby(findings, key=lambda finding: finding.incident)
    return tuple(
        _incident(identity, tuple(group), losses.get(identity, NO_LOSS), last_step)
        for identity, group in groups
    )


def _incident(
    identity: str, findings: tuple[Finding, ...], loss: LossCourse, last_step: int | None
) -> Incident:
    origin, others = findings[0], findings[1:]
    counted_ones = [finding for finding in findings if not finding.muted] or findings
    sentences = [
        _beginning(origin),
        origin.message,
        _measurement(origin),
        _duration(origin),
        _consequences([each for each in others if each.follows == origin.id]),
        _companions([each for each in others if each.follows != origin.id]),
        _muted(findings),
        _end(findings, last_step),
        *_loss(loss),
        f"What to try first: {first_advice(origin.symptom, origin.framework)}",
    ]
    return Incident(
        id=identity,
        severity=max((finding.severity for finding in counted_ones), key=SEVERITIES.index),
        title=f"{SYMPTOMS[origin.symptom].title}: {origin.tensor}",
        sentences=tuple(filter(None, sentences)),
        findings=findings,
    )


def first_advice(symptom: str, framework: Framework = "") -> str:
    """The first advice that changes the training.

    Advice that begins with "Look" points to other findings, which the incident already names.
    """
    return next(each for each in SYMPTOMS[symptom].advice_for(framework) if not each.startswith("Look "))


def subject_of(kind: Kind, tensors: Sequence[str]) -> str:
    """Measured tensors in a sentence: ``the gradient of dense/kernel``, ``the weights a and b``."""
    one, several = SUBJECTS[kind]
    if list(tensors) == [kind]:  # a single loss, input or target
        return one
    return f"{one if len(tensors) == 1 else several} {listed(tensors, NAMED)}"


def _beginning(origin: Finding) -> str:
    layer = f", in layer {origin.layer}" if origin.layer not in ("", origin.tensor) else ""
    title = SYMPTOMS[origin.symptom].title
    subject = subject_of(origin.kind, [origin.tensor])
    return f"“{title}” began at step {origin.opened_step:,} in {subject}{layer}."


def _measurement(origin: Finding) -> str:
    symptom = SYMPTOMS[origin.symptom]
    value, limit = (amount(each, origin.unit) for each in (origin.value, origin.threshold))
    if math.isnan(origin.value):
        return f"The measured value ({symptom.labels.value}) is not known; the limit is {limit}."
    at = f"The worst value of the finding ({symptom.labels.value}) was {value} at step {origin.peak_step:,}"
    below = symptom.direction == "below"
    if not math.isfinite(origin.value) or not (
        origin.value < origin.threshold if below else origin.value > origin.threshold
    ):
        return f"{at}; the limit is {limit}."
    just = "just " if value == limit else ""
    return f"{at}, {just}{'below' if below else 'above'} the limit of {limit}."


def _duration(origin: Finding) -> str:
    if origin.count < 1:
        return f"It was last seen at step {origin.last_step:,}."
    if origin.count == 1:
        return f"It was seen beyond the limit once, at step {origin.last_step:,}."
    until = f", from step {origin.opened_step:,} to step {origin.last_step:,}"
    if origin.last_step <= origin.opened_step:
        until = f", the last time at step {origin.last_step:,}"
    return f"It was seen beyond the limit {origin.count:,} times{until}."


def _consequences(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    are = "finding is a known consequence" if len(findings) == 1 else "findings are known consequences"
    return f"{len(findings):,} {are} of it: {_by_symptom(findings)}."


def _companions(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    belong = "more finding belongs" if len(findings) == 1 else "more findings belong"
    return f"{len(findings):,} {belong} to the same incident: {_by_symptom(findings)}."


def _by_symptom(findings: Sequence[Finding]) -> str:
    groups: dict[tuple[str, Kind], list[str]] = {}
    for finding in findings:
        groups.setdefault((finding.symptom, finding.kind), []).append(finding.tensor)
    return "; ".join(
        f"“{SYMPTOMS[symptom].title}” in {subject_of(kind, tensors)}"
        for (symptom, kind), tensors in groups.items()
    )


def _muted(findings: Sequence[Finding]) -> str:
    muted = [finding for finding in findings if finding.muted]
    if not muted:
        return ""
    if len(findings) == 1:
        return f"The finding is muted and does not count: {findings[0].muted.rstrip('.')}."
    if len(muted) == len(findings):
        return f"{_all(findings)} are muted and do not count."
    do = "is muted and does" if len(muted) == 1 else "are muted and do"
    return f"{len(muted):,} of the {len(findings):,} findings {do} not count."


def _end(findings: Sequence[Finding], last_step: int | None) -> str:
    still = [finding for finding in findings if finding.resolved_step is None]
    ends = [finding.resolved_step for finding in findings if finding.resolved_step is not None]
    at_last = "" if last_step is None else f" at the last record, step {last_step:,}"
    if len(findings) == 1:
        return f"It was resolved at step {ends[0]:,}." if ends else f"It was still open{at_last}."
    if not still:
        return f"{_all(findings)} are resolved, the last at step {max(ends):,}."
    if not ends:
        return f"{_all(findings)} were still open{at_last}."
    were = "was" if len(still) == 1 else "were"
    end = f"{len(still):,} of the {len(findings):,} findings {were} still open{at_last}"
    origin = findings[0].resolved_step
    return f"{end}." if origin is None else f"{end}; the origin was resolved at step {origin:,}."


def _all(findings: Sequence[Finding]) -> str:
    return "Both findings" if len(findings) == 2 else f"All {len(findings):,} findings"


def _loss(loss: LossCourse) -> list[str]:
    if not loss.tensor:
        return ["No loss was recorded."]
    name = loss_name(loss.tensor)
    if loss.newest is None:
        return [f"{name} has no finite value in the records."]
    step, value = loss.newest
    if loss.before is None or loss.before[0] == step:
        course = f"{name} was {number(value)} at step {step:,}"
    else:
        first_step, first = loss.before
        course = f"{name} was {number(first)} at step {first_step:,} and {number(value)} at step {step:,}"
    if loss.bad_since is None:
        return [f"{course}."]
    return [
        f"{course}, the last record in which it is finite.",
        f"It has not been finite since step {loss.bad_since:,}.",
    ]


def counts_of(incidents: Sequence[Incident]) -> str:
    """The size of a list of incidents: ``1 incident with 12 findings``."""
    findings = sum(len(incident.findings) for incident in incidents)
    return f"{counted(len(incidents), 'incident')} with {counted(findings, 'finding')}"
