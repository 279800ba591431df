"""What a user may change about the rules: which symptoms, their limits, their weight, on which tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from tb_gradhealth.health.protocol import Number
from tb_gradhealth.health.results import Severity


@dataclass(frozen=True)
class SymptomRules:
    """One symptom's entry in a rule set.

    Attributes:
        enabled: whether it is judged at all.
        limits: tunable numbers that differ from the symptom's defaults, by name.
        least_severity: lower bound of the severity of its findings, whatever the loss does.
        most_severity: upper bound.
        include: patterns of tensor names (``*``, ``?``, ``[seq]``); one must match.
        exclude: patterns of which none may match.
    """

    enabled: bool = True
    limits: Mapping[str, Number] = field(default_factory=dict)
    least_severity: Severity = "info"
    most_severity: Severity = "critical"
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    @property
    def filters_tensors(self) -> bool:
        """Whether any tensor may be left out."""
        return self.include != ("*",) or bool(self.exclude)

    def applies_to(self, tensor: str) -> bool:
        """Whether a tensor of this name is judged."""
        return _matches(self.include, tensor) and not _matches(self.exclude, tensor)


@dataclass(frozen=True)
class Mute:
    """Accepted findings: they are shown as muted, with the reason, and not counted.

    Attributes:
        reason: why they are accepted, for readers of the report.
        symptom: pattern of symptom ids.
        tensor: pattern of tensor names.
        until: the last day on which the mute holds; None for no end.
    """

    reason: str
    symptom: str = "*"
    tensor: str = "*"
    until: date | None = None

    def covers(self, symptom: str, tensor: str, today: date) -> bool:
        """Whether it mutes a symptom of a tensor on a day."""
        if self.until is not None and today > self.until:
            return False
        return fnmatchcase(symptom, self.symptom) and fnmatchcase(tensor, self.tensor)


@dataclass(frozen=True)
class RuleSet:
    """The rules that runs are judged by; without arguments the default rules.

    Attributes:
        name: a preset's name or a file's path, for the report.
        symptoms: entries that differ from the defaults, by symptom id.
        mutes: accepted findings.
    """

    name: str = "default"
    symptoms: Mapping[str, SymptomRules] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()

    def symptom(self, identity: str) -> SymptomRules:
        """The entry of a symptom."""
        return self.symptoms.get(identity, SymptomRules())

    def muted(self, symptom: str, tensor: str, today: date) -> str:
        """The reason why a symptom of a tensor is muted on a day, ``""`` where it is not."""
        covering = (mute.reason for mute in self.mutes if mute.covers(symptom, tensor, today))
        return next(covering, "")


def _matches(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
