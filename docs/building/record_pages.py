"""The reference of the record format, from the declarations of ``tb_gradhealth.record``."""

import inspect
import re
from typing import get_args

from tb_gradhealth.record import COLUMNS, KINDS, VERSION, Kind, columns, layouts, tags

HEAD = f"""# Record format

A recorder writes event files of TensorBoard, with the plugin name `gradhealth` and the format version (now
{VERSION}) in the metadata of each summary. A reader refuses newer versions with a sentence and reads all
older ones.
"""

TAIL = """## Row tables

The row table is a JSON object with `"format": "gradhealth.rows"`, the format's `version`, and the fields
below. Its id is the first twelve hexadecimal digits of the SHA-256 of its content.

::: tb_gradhealth.record.rows.RowTable
    options: {members: false, heading_level: 3}

::: tb_gradhealth.record.rows.Row
    options: {members: false, heading_level: 3}
"""


def page() -> str:
    """The page, as Markdown."""
    meanings = _meanings()
    packed = len(columns.MAGNITUDES)
    kinds = layouts(units=True, sparse=True, replicas=True)
    assert set(kinds) == set(KINDS) == set(get_args(Kind))
    rows = [f"| `{name}` | {meanings[name]} | {_kinds(name, kinds)} |" for name in columns.STATISTICS]
    first, last = columns.MAGNITUDES[0], columns.MAGNITUDES[-1]
    histogram = f"histogram of log2(abs(x)), packed in {packed} numbers"
    rows.append(f"| `{first}` … `{last}` | {histogram} | {_kinds(first, kinds)} |")
    assert set(COLUMNS) == set(columns.STATISTICS) | set(columns.MAGNITUDES)
    statistics = "\n".join(["| column | meaning | kinds of rows |", "|---|---|---|", *rows])
    about = inspect.cleandoc(columns.__doc__ or "").partition("\n\n")[2].rpartition("\n\n")[0]
    parts = [HEAD.rstrip(), "## Tags", inspect.cleandoc(tags.__doc__ or ""), "## Columns of a record", about]
    return "\n\n".join([*parts, statistics, TAIL])


PLAIN = {
    "mean": "mean of the finite elements",
    "minimum": "smallest finite element",
    "maximum": "largest finite element",
    "nan_count": "number of elements that are NaN",
    "inf_count": "number of elements that are infinite",
    "peak_max_ago": "how many steps before this record it was",
}
"""The columns whose declaration has no comment."""


def _meanings() -> dict[str, str]:
    """The comment behind each column in its declaration."""
    found = re.findall(r'"(\w+)",\)?\s+# (.*)', inspect.getsource(columns))
    return PLAIN | {name: _plain(comment) for name, comment in found}


def _plain(comment: str) -> str:
    text = re.sub(r"\|(\w+)\|", r"abs(\1)", comment)
    return text.strip(".").removeprefix("and ")


def _kinds(column: str, kinds: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(kind for kind, names in kinds.items() if column in names)
