"""Converts row tables, records and steps to bytes and back, and checks what is read."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from tb_gradhealth.record.records import as_matrix
from tb_gradhealth.record.rows import KINDS, ROLES, Row, RowTable

VERSION: Final = 3
"""Version of tables and records. Readers refuse newer ones and keep reading older ones."""

FORMAT: Final = "gradhealth.rows"
MAX_ROWS: Final = 1_000_000
LARGEST: Final = 2**63 - 1
"""Bound of the absolute value of integers, which have to fit NumPy's int64."""

_TYPES: Final[Mapping[str, type]] = {
    "tensor": str,
    "kind": str,
    "layer": str,
    "role": str,
    "depth": int,
    "shape": list,
    "dtype": str,
    "activation": str,
    "output": bool,
    "not_measured": str,
    "inputs": list,
    "between": str,
    "sampled": int,
}
"""A row's fields and their types in JSON."""

_DEFAULTS: Final[Mapping[str, object]] = {
    **{
        field.name: field.default
        for field in fields(Row)
        if field.name != "shape" and field.default is not MISSING
    },
    "inputs": [],
}
"""Values of fields that a row leaves out, as in JSON; the shape is required."""


_in_use: Final[WeakValueDictionary[bytes, RowTable]] = WeakValueDictionary()
"""The tables in use, by the digest of their content."""


class RecordError(ValueError):
    """The bytes are not a table or record that this version can read; the message holds the reason."""


def encode_table(table: RowTable) -> bytes:
    """The table as UTF-8 JSON."""
    return json.dumps({"format": FORMAT, "version": VERSION, **table.as_json()}).encode()


def decode_table(content: bytes) -> RowTable:
    """The table in ``content``; tables of the same content are one object while they are in use.

    Raises:
        RecordError: not the JSON of a table, written by a newer version, or fields missing or of wrong type.
    """
    # The runs of a sweep and the files of a resumed run hold the same table; decoding takes 6 µs per row.
    digest = hashlib.sha256(content).digest()
    table = _in_use.get(digest)
    if table is None:
        table = _in_use[digest] = _decoded(content)
    return table


def _decoded(content: bytes) -> RowTable:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"the row table is not JSON ({error})") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise RecordError(f'the row table does not say "format": "{FORMAT}"')
    check_version(read.get("version"))
    try:
        if b"\\ud" in content.lower():
            json.dumps(read, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        return _table_from_json(read)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"the row table is malformed: {error!r}") from None


def encode_values(table: RowTable, values: npt.ArrayLike) -> bytes:
    """The matrix as little-endian float32, without what the table's layouts leave out."""
    matrix = np.ascontiguousarray(values, dtype="<f4")
    return (matrix.reshape(-1)[table.written] if table.layouts else matrix).tobytes()


def encode_steps(values: npt.ArrayLike) -> bytes:
    """The steps as little-endian float32, one after the other."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def with_ago(values: npt.NDArray[np.float32], ago: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float32]:
    """The steps as they are written: with ``ago`` as the last column where they are not consecutive."""
    if ago is None:
        return values
    return np.concatenate([values, ago[:, None].astype(np.float32)], axis=1)


def decode_values(table: RowTable, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The matrix in ``content``, checked against its table, float32 [rows, columns].

    Raises:
        RecordError: shape or length differ from what the table announces.
    """
    if shape != table.shape:
        raise RecordError(f"the record has shape {list(shape)}, its row table says {list(table.shape)}")
    return as_matrix(table, _floats("record", content, shape))


def decode_steps(table: RowTable, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The steps in ``content``, checked against their table, float32 [steps, watched].

    Raises:
        RecordError: shape or length differ from what the table announces.
    """
    return _steps(table, content, shape)[:, : len(table.watched)]


def decode_ago(table: RowTable, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
    """`Steps.ago` of the steps in ``content``, int64 [steps]; None where they are consecutive.

    Raises:
        RecordError: as for `decode_steps`, or the numbers are not integers or do not fall to 0.
    """
    values = _steps(table, content, shape)
    if values.shape[1] == len(table.watched):
        return None
    ago = values[:, -1].astype(np.float64)
    if not (np.isfinite(ago).all() and (ago == np.floor(ago)).all() and (np.diff(ago) < 0).all()) or ago[-1]:
        raise RecordError("the flight recorder's lines are not in the order of their steps")
    return ago.astype(np.int64)


def _steps(table: RowTable, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    watched = len(table.watched)
    if len(shape) != 2 or shape[0] < 1 or shape[1] not in (watched, watched + 1):
        raise RecordError(
            f"the flight recorder has shape {list(shape)}, its row table says [steps, {watched}], or one more"
        )
    return _floats("flight recorder", content, shape)


def _floats(what: str, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The numbers in ``content``; a read-only view of the bytes."""
    needed = 4 * math.prod(shape)
    if len(content) != needed:
        raise RecordError(f"the {what} holds {len(content)} bytes, {list(shape)} float32 need {needed}")
    return np.frombuffer(content, dtype="<f4").reshape(shape).astype(np.float32, copy=False)


def check_version(version: object) -> None:
    """Check that this reader can read a format version.

    Raises:
        RecordError: a newer version, or none at all.
    """
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecordError(f"format version {version!r} is not a positive whole number")
    if version > VERSION:
        raise RecordError(
            f"written in format version {version} by a newer tb_gradhealth, this one reads up to "
            f"version {VERSION}: upgrade tb_gradhealth where TensorBoard runs"
        )


def _table_from_json(read: dict[str, Any]) -> RowTable:
    columns = tuple(_text(name) for name in read["columns"])
    if len(set(columns)) != len(columns):
        raise ValueError("a column is named twice")
    if len(read["rows"]) > MAX_ROWS:
        raise ValueError(f"more than {MAX_ROWS} rows")
    settings = {_text(key): value for key, value in read["settings"].items()}
    if any(isinstance(value, (dict, list)) for value in settings.values()):
        raise TypeError("a setting is not a plain value")
    rows = _rows_from_json(read["rows"])
    # Tables of version 1 have neither watched rows nor layouts.
    watched = tuple(_whole(index) for index in read.get("watched", []))
    if any(not 0 <= index < len(rows) for index in watched) or len(set(watched)) != len(watched):
        raise ValueError("a watched row does not exist or is named twice")
    layouts = {
        _text(kind): tuple(_text(name) for name in names) for kind, names in read.get("layouts", {}).items()
    }
    for kind, names in layouts.items():
        if len(set(names)) != len(names) or not set(names) <= set(columns):
            raise ValueError(f"the layout of {kind!r} names a column twice or one that does not exist")
    return RowTable(
        rows=rows,
        columns=columns,
        stream=_text(read["stream"]),
        settings=settings,
        layouts=layouts,
        watched=watched,
    )


def _rows_from_json(listed: list[dict[str, Any]]) -> tuple[Row, ...]:
    """The rows, checked field by field. Each takes over its JSON object, which is five times as fast."""
    # Fields that a later writer of the same version adds are ignored.
    listed = [
        row
        if row.keys() == _TYPES.keys()
        else {**_DEFAULTS, **{name: row[name] for name in row.keys() & _TYPES}}
        for row in listed
    ]
    for name, expected in _TYPES.items():
        if not {type(row[name]) for row in listed} <= {expected}:
            raise TypeError(f"{name} is not {expected.__name__} in every row")
    unknown = {row["kind"] for row in listed}.difference(KINDS) | {row["role"] for row in listed}.difference(
        ROLES
    )
    if unknown:
        raise ValueError(f"unknown kinds or roles {sorted(unknown)}")
    rows = []
    sizes: set[type] = set()
    names: set[type] = set()
    for own in listed:
        sizes.update(map(type, own["shape"]))
        names.update(map(type, own["inputs"]))
        own["shape"], own["inputs"] = tuple(own["shape"]), tuple(own["inputs"])
        row = Row.__new__(Row)
        object.__setattr__(row, "__dict__", own)
        rows.append(row)
    if not sizes <= {int}:
        raise TypeError("a size in a shape is not a whole number")
    if not names <= {str}:
        raise TypeError("an input of a row is not a name")
    if any(abs(number) > LARGEST for own in listed for number in (own["depth"], *own["shape"])):
        raise ValueError("a depth or a size in a shape is beyond 64 bits")
    return tuple(rows)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
