"""The tags of tables, records, steps and epochs in an event file.

* ``gradhealth/rows/<table id>``: a row table (a scalar string tensor, once per table and file).
* ``gradhealth/record/<table id>``: the table's records (float32, one per event).
* ``gradhealth/steps/<table id>``: the flight recorder's steps (float32 [steps, watched rows]; the step of the
  event is the last of them).
* ``gradhealth/epoch/<table id>``: what the training reported at the end of an epoch (a scalar string; the
  step of the event is the epoch's last).

All have the plugin name in their metadata, with the format version as its content.
"""

import re
from typing import Final, Literal, NamedTuple, cast

PLUGIN_NAME: Final = "gradhealth"

_PATTERN: Final = re.compile(r"gradhealth/(rows|record|steps|epoch)/([0-9a-f]{12})")


class Tag(NamedTuple):
    """A parsed tag."""

    content: Literal["rows", "record", "steps", "epoch"]
    table_id: str


def table_tag(table_id: str) -> str:
    """Tag of the row table with this id."""
    return f"gradhealth/rows/{table_id}"


def record_tag(table_id: str) -> str:
    """Tag of the records that follow the row table with this id."""
    return f"gradhealth/record/{table_id}"


def steps_tag(table_id: str) -> str:
    """Tag of the flight recorder's steps that follow the row table with this id."""
    return f"gradhealth/steps/{table_id}"


def epoch_tag(table_id: str) -> str:
    """Tag of the epochs of the recorder that wrote the row table with this id."""
    return f"gradhealth/epoch/{table_id}"


def parse_tag(tag: str) -> Tag | None:
    """The parsed tag, or None for a tag of another plugin."""
    match = _PATTERN.fullmatch(tag)
    if match is None:
        return None
    return Tag(cast('Literal["rows", "record", "steps", "epoch"]', match[1]), match[2])
