"""The tunable numbers of a symptom: each has a default, a meaning and a range."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any

Number = float | int


@dataclass(frozen=True)
class Limits:
    """The limits of a symptom. Each symptom has a subclass with its further numbers."""

    threshold: float


@dataclass(frozen=True)
class Parameter:
    """One tunable number, for rule files, their schema and the documentation.

    Attributes:
        name: the field's name.
        default: the value without a rule file; its type is the parameter's.
        meaning: a phrase for users.
        minimum: the smallest permitted value, or None.
        maximum: the largest permitted value, or None.
    """

    name: str
    default: Number
    meaning: str
    minimum: Number | None
    maximum: Number | None


def limit(
    default: Number, meaning: str, *, minimum: Number | None = 0, maximum: Number | None = None
) -> Any:  # Any, as in dataclasses.field: the field's own annotation is its type
    """A field of a symptom's limits that rule files may set."""
    about = {"meaning": meaning, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=MappingProxyType(about))


def parameters(limits: type[Limits]) -> Mapping[str, Parameter]:
    """The tunable numbers of a symptom by name, in the order of its file.

    Raises:
        TypeError: a field has no default.
    """
    found = {}
    for entry in fields(limits):
        if entry.default is MISSING:
            raise TypeError(f"{limits.__qualname__}.{entry.name} has no default")
        found[entry.name] = Parameter(name=entry.name, default=entry.default, **entry.metadata)
    return found
