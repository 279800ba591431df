"""The order in which the tab's alert table shows findings, unless its reader chose another one.

The same as in `frontend/src/lib/sort.ts`, for the first page of `findings`. The tab sorts what it gets once
more: where names in other scripts are sorted otherwise here, that only moves the page's edge.
"""

import re
from typing import Final

from tb_gradhealth.health import Finding
from tb_gradhealth.health.findings import SEVERITIES

_MARKS: Final = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""What stands before digits and letters, in the order of Unicode's collation, which browsers follow."""

_PLACES: Final = {ord(mark): place + 1 for place, mark in enumerate(_MARKS)}
_NUMBER: Final = re.compile("[0-9]+")

LONGEST: Final = 2_048
"""Characters of a name that are looked at."""

Urgency = tuple[int, int, bool]
Name = tuple[str, str]


def urgency(finding: Finding) -> Urgency:
    """Sorts the worst first, of those the earliest, and an origin before what it brought about."""
    return (-SEVERITIES.index(finding.severity), finding.opened_step, not finding.origin)


def natural(name: str) -> Name:
    """Sorts names as people count, ``dense_2`` before ``dense_10``, lower case before upper."""
    name = name[:LONGEST]
    return _NUMBER.sub(_counted, name.lower().translate(_PLACES)), name.swapcase()


def _counted(digits: re.Match[str]) -> str:
    """A number as text that sorts by its size: how many digits it has, then these."""
    number = digits[0].lstrip("0")
    return f"0{chr(len(number))}{number}"
