"""Converts epochs to bytes and back: names and numbers as JSON."""

import json
import math
from collections.abc import Mapping
from typing import Final

from tb_gradhealth.record.codec import RecordError

FORMAT: Final = "gradhealth.epoch"

MAXIMUM_VALUES: Final = 10_000
"""Maximum number of values of an epoch, so that a hostile file cannot fill the memory."""

NOT_FINITE: Final[Mapping[str, float]] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""Names under which numbers are written that JSON does not have."""


def encode_epoch(values: Mapping[str, float]) -> bytes:
    """The values of an epoch as UTF-8 JSON.

    Args:
        values: any float64 numbers, by name.
    """
    written = {name: _written(float(value)) for name, value in values.items()}
    return json.dumps({"format": FORMAT, "values": written}).encode()


def decode_epoch(content: bytes) -> dict[str, float]:
    """The values in ``content``, float64, in the order in which they were written.

    Raises:
        RecordError: not the JSON of an epoch, a value is no number, or there are too many.
    """
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"the epoch is not JSON ({error})") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise RecordError(f'the epoch does not say "format": "{FORMAT}"')
    values = read.get("values")
    if not isinstance(values, dict) or len(values) > MAXIMUM_VALUES:
        raise RecordError(f"the epoch has no values, or more than {MAXIMUM_VALUES}")
    try:
        "".join(values).encode()  # half of a surrogate pair is no text
        return {name: _number(value) for name, value in values.items()}
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"the epoch is malformed: {error!r}") from None


def _written(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _number(value: object) -> float:
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    return float(value)
