"""Decides whose an event is: this plugin's, a companion of its records, or another plugin's."""

from typing import Final, Literal

from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2

from tb_gradhealth.record import PLUGIN_NAME, parse_tag

Owner = Literal["record", "ours", "companion", "other"]
"""Whose an event is.

* ``record``: each of its values is a record of this plugin.
* ``ours``: each of its values belongs to this plugin: row tables, steps, epochs.
* ``companion``: the head of a file, or scalars that a recorder writes beside its records. It stays in a file
  that is rewritten, and goes with a file that holds nothing else.
* ``other``: all else, also an event that holds values of this plugin and of others.
"""

_NAME: Final = PLUGIN_NAME.encode()
_HEAD: Final = b"brain.Event:"
_TAGS: Final = f"{PLUGIN_NAME}/"


def owner_of(payload: bytes) -> Owner:
    """Whose the event in a verified record of an event file is."""
    if _NAME not in payload and _HEAD not in payload:
        return "other"
    try:
        event = event_pb2.Event.FromString(payload)
    except DecodeError:
        return "other"
    if event.WhichOneof("what") == "file_version":
        return "companion"
    values = event.summary.value
    if values and all(map(_is_ours, values)):
        tags = [parse_tag(value.tag) for value in values]
        return "record" if all(tag is not None and tag.content == "record" for tag in tags) else "ours"
    if values and all(value.tag.startswith(_TAGS) for value in values):
        return "companion"
    return "other"


def is_ours(payload: bytes) -> bool:
    """Whether an event belongs to this plugin and may be dropped."""
    return owner_of(payload) in ("record", "ours")


def _is_ours(value: summary_pb2.Summary.Value) -> bool:
    plugin = value.metadata.plugin_data.plugin_name
    return plugin == PLUGIN_NAME or (not plugin and parse_tag(value.tag) is not None)
