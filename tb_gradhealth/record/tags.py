"""The names under which tables and records lie in an event file.

``gradhealth/rows/<table id>`` holds a row table (a scalar string tensor, once per table and file);
``gradhealth/record/<table id>`` holds that table's records (float32, one per event);
``gradhealth/steps/<table id>`` holds what the flight recorder saw (float32 [steps, watched rows]; the event's
step is the last line's);
``gradhealth/epoch/<table id>`` holds what the training reported at the end of an epoch (a scalar string; the
event's step is the epoch's last).
All carry the plugin name in their metadata, with the format version as its content.
"""

import re
from typing import Final, Literal, NamedTuple, cast

PLUGIN_NAME: Final = "gradhealth"

_PATTERN: Final = re.compile(r"gradhealth/(rows|record|steps|epoch)/([0-9a-f]{12})")


class Tag(NamedTuple):
    """A tag of ours, taken apart."""

    content: Literal["rows", "record", "steps", "epoch"]
    table_id: str


def table_tag(table_id: str) -> str:
    """Tag of the row table with this id."""
    return f"gradhealth/rows/{table_id}"


def record_tag(table_id: str) -> str:
    """Tag of the records that follow the row table with this id."""
    return f"gradhealth/record/{table_id}"


def steps_tag(table_id: str) -> str:
    """Tag of the flight recorder's lines that follow the row table with this id."""
    return f"gradhealth/steps/{table_id}"


def epoch_tag(table_id: str) -> str:
    """Tag of the epochs of the recorder that wrote the row table with this id."""
    return f"gradhealth/epoch/{table_id}"


def parse_tag(tag: str) -> Tag | None:
    """The parts of one of our tags, or None for any other."""
    match = _PATTERN.fullmatch(tag)
    if match is None:
        return None
    return Tag(cast('Literal["rows", "record", "steps", "epoch"]', match[1]), match[2])
