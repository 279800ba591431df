"""The ground floor: the wire format between training and everything that reads it.

A *row table* describes the measured tensors once; each *record* is one float32 matrix, a row per
tensor and a column per statistic. NumPy only, so every framework and every reader shares it.
"""

from tb_gradhealth.record.codec import (
    VERSION,
    Record,
    RecordError,
    decode_table,
    decode_values,
    encode_table,
    encode_values,
)
from tb_gradhealth.record.columns import COLUMNS
from tb_gradhealth.record.rows import KINDS, ROLES, Kind, Role, Row, RowTable
from tb_gradhealth.record.tags import PLUGIN_NAME, Tag, parse_tag, record_tag, table_tag

__all__ = [
    "COLUMNS",
    "KINDS",
    "PLUGIN_NAME",
    "ROLES",
    "VERSION",
    "Kind",
    "Record",
    "RecordError",
    "Role",
    "Row",
    "RowTable",
    "Tag",
    "decode_table",
    "decode_values",
    "encode_table",
    "encode_values",
    "parse_tag",
    "record_tag",
    "table_tag",
]
