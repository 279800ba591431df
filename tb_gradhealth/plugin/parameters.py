"""Declares query parameters: each is parsed from a request and described in the OpenAPI document.

Every value has limits. A missing, repeated or invalid parameter is a `BadRequestError` with a sentence.
"""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final

from werkzeug.wrappers import Request

from tb_gradhealth.health.series import StepRange

Schema = dict[str, Any]

MAX_CHARACTERS: Final = 2_048
"""Length of a run's or tensor's name. The server limits the request line to 64 KiB, and one character can
take twelve bytes of it."""

MAX_STEP: Final = 2**63 - 1


class BadRequestError(ValueError):
    """A parameter is missing or invalid; the message is a sentence for the user."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that is given at most once.

    Attributes:
        name: its name in the query.
        required: whether it must be given.
        default: the value where it is not given, as in the OpenAPI document; None for no value.
        max_characters: the maximum length of its text.
    """

    name: str
    _: KW_ONLY
    required: bool = False
    default: str | int | None = None
    max_characters: int = MAX_CHARACTERS

    def parse(self, request: Request) -> Any:
        """The value in a request, None without one.

        Raises:
            BadRequestError: it is missing, repeated or invalid.
        """
        texts = request.args.getlist(self.name)
        if len(texts) > 1:
            raise BadRequestError(f"the parameter {self.name!r} is given {len(texts)} times, once is enough")
        if texts:
            return self._value(self._of_length(texts[0]))
        if self.required:
            raise self._missing()
        return None if self.default is None else self._value(str(self.default))

    def describe(self) -> list[Schema]:
        """The parameter objects of the OpenAPI document."""
        described: Schema = {"name": self.name, "in": "query", "schema": self._schema()}
        if self.default is not None:
            described["schema"]["default"] = self.default
        return [{**described, "required": True} if self.required else described]

    def _value(self, text: str) -> Any:
        return text

    def _schema(self) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": self.max_characters}

    def _missing(self) -> BadRequestError:
        return BadRequestError(f"the parameter {self.name!r} is missing")

    def _of_length(self, text: str) -> str:
        if not text:
            raise BadRequestError(f"the parameter {self.name!r} is empty")
        if len(text) > self.max_characters:
            limit = f"at most {self.max_characters} may be"
            raise BadRequestError(f"the parameter {self.name!r} has {len(text)} characters, {limit}")
        return text


class Text(Parameter):
    """Any text."""


@dataclass(frozen=True)
class Choice(Parameter):
    """One of some texts."""

    choices: Sequence[str]

    def _value(self, text: str) -> Any:
        if text not in self.choices:
            raise BadRequestError(f"{text[:80]!r} is no {self.name}; one of {', '.join(self.choices)} is")
        return text

    def _schema(self) -> Schema:
        return {"enum": list(self.choices)}


@dataclass(frozen=True)
class Flag(Choice):
    """``1`` or ``0`` as a bool; true where it is not given."""

    choices: Sequence[str] = ("0", "1")
    default: str | int | None = "1"

    def _value(self, text: str) -> bool:
        return bool(super()._value(text) == "1")


@dataclass(frozen=True)
class Whole(Parameter):
    """A whole number from ``minimum`` to ``maximum``."""

    minimum: int
    maximum: int
    _: KW_ONLY
    max_characters: int = 40

    def _value(self, text: str) -> int:
        # int() alone also accepts 1_000 and the digits of all scripts.
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or not self.minimum <= int(text) <= self.maximum:
            raise BadRequestError(
                f"{self.name}={text!r} is no whole number from {self.minimum} to {self.maximum}"
            )
        return int(text)

    def _schema(self) -> Schema:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class Repeated(Parameter):
    """Different texts under one name, as a list.

    Attributes:
        max_values: the maximum number of values.
        choices: the allowed values; any text where None.
    """

    max_values: int
    choices: Sequence[str] | None = None

    def parse(self, request: Request) -> list[str]:
        """As in `Parameter`; an empty list without a value."""
        texts = list(dict.fromkeys(request.args.getlist(self.name)))
        if len(texts) > self.max_values:
            raise BadRequestError(
                f"{len(texts)} values of {self.name!r} are given, at most {self.max_values} are answered"
            )
        if self.required and not texts:
            raise self._missing()
        return [self._item._value(self._of_length(text)) for text in texts]

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        listed = {"type": "array", "items": self._item._schema(), "maxItems": self.max_values}
        if self.required:
            listed["minItems"] = 1
        form = {"style": "form", "explode": True, "required": self.required}
        return [{"name": self.name, "in": "query", "schema": listed, **form}]

    @property
    def _item(self) -> Parameter:
        return Text(self.name) if self.choices is None else Choice(self.name, self.choices)


class Steps(Parameter):
    """The range of steps ``from`` to ``to``, both included; infinite on a side that is not given."""

    _BOUNDS: Final = tuple(Whole(name, -MAX_STEP, MAX_STEP) for name in ("from", "to"))

    def parse(self, request: Request) -> StepRange:
        """As in `Parameter`."""
        first, last = (bound.parse(request) for bound in self._BOUNDS)
        begin = -math.inf if first is None else float(first)
        end = math.inf if last is None else float(last)
        if begin > end:
            raise BadRequestError(f"the range of steps ends before it begins: from={first}, to={last}")
        return begin, end

    def describe(self) -> list[Schema]:
        """As in `Parameter`."""
        return [schema for bound in self._BOUNDS for schema in bound.describe()]
