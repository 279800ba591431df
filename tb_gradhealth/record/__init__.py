"""The wire format between a training and its readers.

A *row table* describes the measured tensors once (``rows``, ``columns``); each *record* is one float32 matrix
with a row per tensor and a column per statistic; the flight recorder's *steps* are one row of numbers per
step; an *epoch* holds what the training itself reported (``records``). ``codec`` and ``epochs`` convert them
to bytes and back, ``magnitudes`` packs histograms, ``tags`` names the entries of an event file,
``activation_functions`` classifies the functions that rows name. NumPy only, so every framework and every
reader shares it.
"""

from tb_gradhealth.record.codec import (
    VERSION,
    RecordError,
    decode_ago,
    decode_steps,
    decode_table,
    decode_values,
    encode_steps,
    encode_table,
    encode_values,
    with_ago,
)
from tb_gradhealth.record.columns import COLUMNS, layouts
from tb_gradhealth.record.epochs import decode_epoch, encode_epoch
from tb_gradhealth.record.records import Content, Epoch, Record, Steps, WrittenRecord
from tb_gradhealth.record.rows import KINDS, ROLES, Kind, Role, Row, RowTable, Setting
from tb_gradhealth.record.tags import (
    PLUGIN_NAME,
    Tag,
    epoch_tag,
    parse_tag,
    record_tag,
    steps_tag,
    table_tag,
)

__all__ = [
    "COLUMNS",
    "KINDS",
    "PLUGIN_NAME",
    "ROLES",
    "VERSION",
    "Content",
    "Epoch",
    "Kind",
    "Record",
    "RecordError",
    "Role",
    "Row",
    "RowTable",
    "Setting",
    "Steps",
    "Tag",
    "WrittenRecord",
    "decode_ago",
    "decode_epoch",
    "decode_steps",
    "decode_table",
    "decode_values",
    "encode_epoch",
    "encode_steps",
    "encode_table",
    "encode_values",
    "epoch_tag",
    "layouts",
    "parse_tag",
    "record_tag",
    "steps_tag",
    "table_tag",
    "with_ago",
]
