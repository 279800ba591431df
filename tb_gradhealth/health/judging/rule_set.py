"""What a user may change about the rules: which symptoms, their limits, their weight, on which tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType

from tb_gradhealth.health.protocol import Number
from tb_gradhealth.health.results import Severity


@dataclass(frozen=True)
class SymptomRules:
    """One symptom as a user wants it.

    Attributes:
        enabled: whether it is judged at all.
        limits: tunable numbers that differ from the symptom's defaults, by name.
        least_severity: its findings weigh at least that...
        most_severity: ...and at most that, whatever the loss does.
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
    def selects(self) -> bool:
        """Whether tensors are chosen at all."""
        return self.include != ("*",) or bool(self.exclude)

    def wants(self, tensor: str) -> bool:
        """Whether a tensor of this name is to be judged."""
        return _matches(self.include, tensor) and not _matches(self.exclude, tensor)


@dataclass(frozen=True)
class Mute:
    """Findings that are known and accepted: shown as muted, with the reason, and not counted.

    Attributes:
        reason: why, for whoever reads the report.
        symptom: pattern of symptom ids.
        tensor: pattern of tensor names.
        until: the last day on which it holds; None for ever.
    """

    reason: str
    symptom: str = "*"
    tensor: str = "*"
    until: date | None = None

    def covers(self, symptom: str, tensor: str, today: date) -> bool:
        """Whether it mutes this symptom of this tensor today."""
        if self.until is not None and today > self.until:
            return False
        return fnmatchcase(symptom, self.symptom) and fnmatchcase(tensor, self.tensor)


@dataclass(frozen=True)
class RuleSet:
    """How runs are judged; without arguments the default rules.

    Attributes:
        name: a preset's name or a file's path, for the report.
        symptoms: what differs from the defaults, by symptom id.
        mutes: findings that are accepted.
    """

    name: str = "default"
    symptoms: Mapping[str, SymptomRules] = field(default_factory=lambda: MappingProxyType({}))
    mutes: tuple[Mute, ...] = ()

    def symptom(self, identity: str) -> SymptomRules:
        """What is wanted of a symptom."""
        return self.symptoms.get(identity, SymptomRules())

    def muted(self, symptom: str, tensor: str, today: date) -> str:
        """Why this symptom of this tensor is muted today, ``""`` where it is not."""
        covering = (mute.reason for mute in self.mutes if mute.covers(symptom, tensor, today))
        return next(covering, "")


def _matches(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
