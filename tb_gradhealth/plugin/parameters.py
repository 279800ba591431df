"""Declares the parameters of routes: each is parsed from a request and described in the OpenAPI document.

Every value has limits. A missing, repeated or invalid parameter is a `BadRequestError` with a sentence.
"""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, Protocol

from werkzeug.wrappers import Request

from tb_gradhealth.health.series import StepRange

Schema = dict[str, Any]

MAX_CHARACTERS: Final = 2_048
"""Length of a run's or tensor's name. The server limits the request line to 64 KiB, and one character can
take twelve bytes of it."""

MAX_STEP: Final = 2**63 - 1

MAX_DIGITS: Final = 40


class BadRequestError(ValueError):
    """A parameter is missing or invalid; the message is a sentence for the user."""


class Parameter(Protocol):
    """A query parameter of a route, or several that give one value."""

    def parse(self, request: Request) -> object:
        """The value in a request.

        Raises:
            BadRequestError: it is missing or invalid.
        """

    def describe(self) -> list[Schema]:
        """The OpenAPI parameter objects."""


@dataclass(frozen=True)
class Text:
    """A text; None where it is optional and not given."""

    name: str
    _: KW_ONLY
    required: bool = False
    max_characters: int = MAX_CHARACTERS

    def parse(self, request: Request) -> str | None:
        """As in `Parameter`."""
        value = _single(request, self.name, self.max_characters)
        return _present(value, self.name) if self.required else value

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        return [_query(self.name, _text_schema(self.max_characters), required=self.required)]


@dataclass(frozen=True)
class Choice:
    """One of some texts.

    Attributes:
        name: the parameter's name.
        choices: the allowed values.
        default: the value where the parameter is not given; None requires it unless it is ``optional``.
        optional: whether the value is None where the parameter is not given.
    """

    name: str
    choices: Sequence[str]
    default: str | None = None
    _: KW_ONLY
    optional: bool = False

    def parse(self, request: Request) -> str | None:
        """As in `Parameter`."""
        value = _single(request, self.name, MAX_CHARACTERS)
        if value is None:
            return self.default if self.optional or self.default is not None else _present(value, self.name)
        return _allowed(value, self.name, self.choices)

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        schema: Schema = {"enum": list(self.choices)}
        if self.default is not None:
            schema["default"] = self.default
        return [_query(self.name, schema, required=not self.optional and self.default is None)]


@dataclass(frozen=True)
class Flag:
    """``0`` or ``1``, as a bool; true where it is not given."""

    name: str

    def parse(self, request: Request) -> bool:
        """As in `Parameter`."""
        return self._choice.parse(request) == "1"

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        return self._choice.describe()

    @property
    def _choice(self) -> Choice:
        return Choice(self.name, ("0", "1"), default="1")


@dataclass(frozen=True)
class Whole:
    """A whole number within limits; its default, which may be None, where it is not given."""

    name: str
    minimum: int
    maximum: int
    default: int | None = None

    def parse(self, request: Request) -> int | None:
        """As in `Parameter`."""
        value = _single(request, self.name, MAX_DIGITS)
        if value is None:
            return self.default
        # int() alone also accepts 1_000 and the digits of all scripts.
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or not self.minimum <= int(value) <= self.maximum:
            raise BadRequestError(
                f"{self.name}={value!r} is no whole number from {self.minimum} to {self.maximum}"
            )
        return int(value)

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        schema: Schema = {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}
        if self.default is not None:
            schema["default"] = self.default
        return [_query(self.name, schema)]


@dataclass(frozen=True)
class Repeated:
    """Any number of different texts under one name, as a list.

    Attributes:
        name: the parameter's name.
        maximum: the largest number of values.
        choices: the allowed values; any text where None.
        required: whether at least one value must be given.
    """

    name: str
    maximum: int
    choices: Sequence[str] | None = None
    required: bool = False

    def parse(self, request: Request) -> list[str]:
        """As in `Parameter`."""
        values = list(dict.fromkeys(request.args.getlist(self.name)))
        if len(values) > self.maximum:
            raise BadRequestError(
                f"{len(values)} values of {self.name!r} are given, at most {self.maximum} are answered"
            )
        values = [_of_length(value, self.name, MAX_CHARACTERS) for value in values]
        if self.required and not values:
            raise _missing(self.name)
        choices = self.choices
        return values if choices is None else [_allowed(value, self.name, choices) for value in values]

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        item = _text_schema(MAX_CHARACTERS) if self.choices is None else {"enum": list(self.choices)}
        schema = {"type": "array", "items": item, "maxItems": self.maximum}
        if self.required:
            schema["minItems"] = 1
        return [
            {**_query(self.name, schema), "required": self.required, "style": "form", "explode": True},
        ]


class Steps:
    """The range of steps ``from`` to ``to``, both included; infinite on a side that is not given."""

    def parse(self, request: Request) -> StepRange:
        """As in `Parameter`."""
        first, last = (bound.parse(request) for bound in _STEP_BOUNDS)
        begin = -math.inf if first is None else float(first)
        end = math.inf if last is None else float(last)
        if begin > end:
            raise BadRequestError(f"the range of steps ends before it begins: from={first}, to={last}")
        return begin, end

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        return [schema for bound in _STEP_BOUNDS for schema in bound.describe()]


_STEP_BOUNDS: Final = tuple(Whole(name, -MAX_STEP, MAX_STEP) for name in ("from", "to"))


def _single(request: Request, name: str, max_characters: int) -> str | None:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadRequestError(f"the parameter {name!r} is given {len(values)} times, once is enough")
    return _of_length(values[0], name, max_characters) if values else None


def _of_length(value: str, name: str, max_characters: int) -> str:
    if not value:
        raise BadRequestError(f"the parameter {name!r} is empty")
    if len(value) > max_characters:
        raise BadRequestError(
            f"the parameter {name!r} has {len(value)} characters, at most {max_characters} may be"
        )
    return value


def _present(value: str | None, name: str) -> str:
    if value is None:
        raise _missing(name)
    return value


def _missing(name: str) -> BadRequestError:
    return BadRequestError(f"the parameter {name!r} is missing")


def _allowed(value: str, name: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise BadRequestError(f"{value[:80]!r} is no {name}; one of {', '.join(choices)} is")
    return value


def _text_schema(max_characters: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": max_characters}


def _query(name: str, schema: Schema, required: bool = False) -> Schema:
    described: Schema = {"name": name, "in": "query", "schema": schema}
    return {**described, "required": True} if required else described
