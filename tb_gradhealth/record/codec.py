"""Row tables and records to bytes and back, and what can be wrong with them."""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.record.magnitudes import PACKED, unpack_shares
from tb_gradhealth.record.rows import KINDS, ROLES, Row, RowTable

VERSION: Final = 1
"""Version of tables and records. Readers refuse newer ones and keep reading older ones."""

FORMAT: Final = "gradhealth.rows"
MAX_ROWS: Final = 1_000_000


class RecordError(ValueError):
    """The bytes are not a table or record this version can read; the message says why."""


@dataclass(frozen=True, eq=False)
class Record:
    """One recorded step.

    Attributes:
        step: the training step whose gradients were measured.
        wall_time: seconds since the epoch.
        table: describes rows and columns.
        values: float32 of shape [len(table.rows), len(table.columns)].
    """

    step: int
    wall_time: float
    table: RowTable
    values: npt.NDArray[np.float32]

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """One statistic of every row, float32 of shape [rows]; NaN if this table lacks it."""
        if name not in self.table.columns:
            return np.full(len(self.table.rows), np.nan, np.float32)
        return self.values[:, self.table.columns.index(name)]

    def magnitudes(self) -> npt.NDArray[np.float32]:
        """Share of non-zero elements per log2-magnitude bin, float32 of shape [rows, 30]."""
        packed = [self.column(f"magnitudes_{index}") for index in range(PACKED)]
        return unpack_shares(np.stack(packed, axis=-1))


def encode_table(table: RowTable) -> bytes:
    """The table as UTF-8 JSON."""
    return json.dumps({"format": FORMAT, "version": VERSION, **table.as_json()}).encode()


def decode_table(content: bytes) -> RowTable:
    """The table in ``content``.

    Raises:
        RecordError: not our JSON, written by a newer version, or fields missing or of wrong type.
    """
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"the row table is not JSON ({error})") from None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise RecordError(f'the row table does not say "format": "{FORMAT}"')
    check_version(fields.get("version"))
    try:
        return _table_from_json(fields)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"the row table is malformed: {error!r}") from None


def encode_values(values: npt.ArrayLike) -> bytes:
    """The matrix as little-endian float32 in row order, the layout of a tensor's content."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def decode_values(table: RowTable, content: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The matrix in ``content``, checked against its table; a read-only view of the bytes.

    Raises:
        RecordError: shape or length differ from what the table announces.
    """
    expected = (len(table.rows), len(table.columns))
    if shape != expected:
        raise RecordError(f"the record has shape {list(shape)}, its row table says {list(expected)}")
    needed = 4 * expected[0] * expected[1]
    if len(content) != needed:
        raise RecordError(f"the record holds {len(content)} bytes, {list(shape)} float32 need {needed}")
    return np.frombuffer(content, dtype="<f4").reshape(expected).astype(np.float32, copy=False)


def check_version(version: object) -> None:
    """Pass versions this reader knows.

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


def _table_from_json(fields: dict[str, Any]) -> RowTable:
    columns = tuple(_text(name) for name in fields["columns"])
    if len(set(columns)) != len(columns):
        raise ValueError("a column is named twice")
    if len(fields["rows"]) > MAX_ROWS:
        raise ValueError(f"more than {MAX_ROWS} rows")
    settings = {_text(key): value for key, value in fields["settings"].items()}
    if any(isinstance(value, (dict, list)) for value in settings.values()):
        raise TypeError("a setting is not a plain value")
    return RowTable(
        rows=tuple(_row_from_json(row) for row in fields["rows"]),
        columns=columns,
        stream=_text(fields["stream"]),
        settings=settings,
    )


def _row_from_json(fields: dict[str, Any]) -> Row:
    # Fields that a later writer of the same version adds are none of this reader's business.
    known = {name: value for name, value in fields.items() if name in Row.__dataclass_fields__}
    row = Row(**{**known, "shape": tuple(int(size) for size in fields["shape"])})
    if row.kind not in KINDS or row.role not in ROLES:
        raise ValueError(f"unknown kind {row.kind!r} or role {row.role!r}")
    for text in (row.tensor, row.layer, row.dtype, row.activation, row.not_measured):
        _text(text)
    if not isinstance(row.depth, int) or not isinstance(row.output, bool):
        raise TypeError("depth is not a whole number or output is not true or false")
    return row


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
