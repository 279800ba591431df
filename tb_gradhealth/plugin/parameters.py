"""A request's parameters, each within its bounds; what is beyond them is refused in a sentence."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from werkzeug.wrappers import Request

MAX_NAME: Final = 2_048
"""Characters of a run's or tensor's name. The server's request line ends at 64 KiB, and a character can take
twelve of its bytes."""

MAX_RUNS: Final = 1_000
LARGEST_STEP: Final = 2**63 - 1


class BadRequestError(ValueError):
    """A parameter is missing or wrong; the message is a sentence for the asker."""


def one(request: Request, name: str, longest: int = MAX_NAME) -> str:
    """A text that must be there."""
    value = optional(request, name, longest)
    if value is None:
        raise BadRequestError(f"the parameter {name!r} is missing")
    return value


def optional(request: Request, name: str, longest: int = MAX_NAME) -> str | None:
    """A text, None where it is not given."""
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadRequestError(f"the parameter {name!r} is given {len(values)} times, once is enough")
    return _short(values[0], name, longest) if values else None


def several(request: Request, name: str, most: int = MAX_RUNS) -> list[str]:
    """The texts under a repeatable name, each once."""
    values = list(dict.fromkeys(request.args.getlist(name)))
    if len(values) > most:
        raise BadRequestError(f"{len(values)} values of {name!r} are given, at most {most} are answered")
    return [_short(value, name, MAX_NAME) for value in values]


def one_of(request: Request, name: str, allowed: Sequence[str], default: str | None = None) -> str:
    """One of some words."""
    value = optional(request, name)
    if value is None:
        value = default if default is not None else one(request, name)
    return known(value, name, allowed)


def some_of(request: Request, name: str, allowed: Sequence[str]) -> list[str]:
    """At least one of some words."""
    values = several(request, name, most=len(allowed))
    if not values:
        raise BadRequestError(f"the parameter {name!r} is missing")
    return [known(value, name, allowed) for value in values]


def known(value: str, name: str, allowed: Iterable[str]) -> str:
    """The value, if it is one of those allowed."""
    if value not in allowed:
        raise BadRequestError(f"{value[:80]!r} is no {name}; one of {', '.join(allowed)} is")
    return value


def whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = optional(request, name, longest=40)
    if value is None:
        return default
    # Not int() alone, which takes 1_000 and the digits of all scripts.
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or not least <= int(value) <= most:
        raise BadRequestError(f"{name}={value!r} is no whole number from {least} to {most}")
    return int(value)


def steps(request: Request) -> tuple[float, float]:
    """The range ``from`` to ``to``, both included; without one it is open on that side."""
    first = whole(request, "from", -1, -LARGEST_STEP, LARGEST_STEP)
    last = whole(request, "to", -1, -LARGEST_STEP, LARGEST_STEP)
    begin = float(first) if "from" in request.args else -math.inf
    end = float(last) if "to" in request.args else math.inf
    if begin > end:
        raise BadRequestError(f"the range of steps ends before it begins: from={first}, to={last}")
    return begin, end


def _short(value: str, name: str, longest: int) -> str:
    if not value:
        raise BadRequestError(f"the parameter {name!r} is empty")
    if len(value) > longest:
        raise BadRequestError(f"the parameter {name!r} has {len(value)} characters, at most {longest} may be")
    return value
