"""The tunable numbers of a symptom: each has a default, a meaning and the range it makes sense in."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any

Number = float | int


@dataclass(frozen=True)
class Limits:
    """What a symptom is measured against. Each symptom has its own, with further numbers beside this one."""

    threshold: float


@dataclass(frozen=True)
class Parameter:
    """One tunable number as a rule file, its schema and the documentation see it.

    Attributes:
        name: the field's name.
        default: what holds where no rule file says otherwise; its type is the parameter's.
        meaning: half a sentence for people.
        least: the smallest value that makes sense, or None.
        most: the largest, or None.
    """

    name: str
    default: Number
    meaning: str
    least: Number | None
    most: Number | None


def limit(
    default: Number, meaning: str, *, least: Number | None = 0, most: Number | None = None
) -> Any:  # Any, as dataclasses.field says of itself: the field's own annotation holds
    """A field of a symptom's limits that rule files may set."""
    about = {"meaning": meaning, "least": least, "most": most}
    return field(default=default, metadata=MappingProxyType(about))


def parameters(limits: type[Limits]) -> Mapping[str, Parameter]:
    """The tunable numbers of a symptom, by name, in the order in which its file has them."""
    found = {}
    for entry in fields(limits):
        if entry.default is MISSING:
            raise TypeError(f"{limits.__qualname__}.{entry.name} has no default")
        found[entry.name] = Parameter(name=entry.name, default=entry.default, **entry.metadata)
    return found
