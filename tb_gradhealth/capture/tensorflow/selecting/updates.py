"""How the updates of weights are measured: exactly, on a sample of large tensors, or not at all."""

import math
from dataclasses import replace
from typing import Final, Literal, get_args

from tb_gradhealth.record import Row

Updates = Literal["exact", "sampled", "none"]

SAMPLE: Final = 1 << 16
"""Elements that are kept of a tensor that is sampled.

The RMS of normally distributed steps is then known to 0.3 %, standard error: 1 / sqrt(2 n)."""

LARGE: Final = 1 << 20
"""Elements above which a tensor is sampled where nobody has chosen."""

OFF: Final = 'not asked for: updates="none"'


def checked_updates(updates: object) -> Updates | None:
    """A choice, or None for none.

    Raises:
        ValueError: it is something else.
    """
    if updates is not None and updates not in get_args(Updates):
        raise ValueError(
            f'updates={updates!r}: write "exact", "sampled" or "none", or None: tensors of more than '
            f"{LARGE:,} elements are then sampled"
        )
    return updates  # type: ignore[return-value]


def as_chosen(row: Row, updates: Updates | None) -> Row:
    """The row of an update that is measured as chosen."""
    if updates == "none":
        return replace(row, not_measured=OFF)
    most = {"exact": math.inf, "sampled": SAMPLE, None: LARGE}[updates]
    return replace(row, sampled=SAMPLE) if math.prod(row.shape) > most else row
