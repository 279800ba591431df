"""How the updates of weights are measured: exactly, on a sample of large tensors, or not at all."""

import math
from dataclasses import replace
from typing import Final, Literal, get_args

from tb_gradhealth.record import Row

Updates = Literal["exact", "sampled", "none"]

SAMPLE: Final = 1 << 16
"""Elements of a sampled tensor.

The standard error of the RMS of normally distributed updates is then 0.3 %: 1 / sqrt(2 n)."""

LARGE: Final = 1 << 20
"""Elements above which a tensor is sampled by default."""

OFF: Final = 'not asked for: updates="none"'


def checked_updates(updates: object) -> Updates | None:
    """The user's choice, None for the default.

    Raises:
        ValueError: it is no valid choice.
    """
    if updates is not None and updates not in get_args(Updates):
        raise ValueError(
            f'updates={updates!r}: write "exact", "sampled" or "none", or None: tensors of more than '
            f"{LARGE:,} elements are then sampled"
        )
    return updates  # type: ignore[return-value]


def sample_size(size: int, updates: Updates | None) -> int:
    """Elements that the update of a tensor of ``size`` elements is measured on; 0 for all of them."""
    max_elements = {"exact": math.inf, "sampled": SAMPLE, "none": math.inf, None: LARGE}[updates]
    return SAMPLE if size > max_elements else 0


def with_sampling(row: Row, updates: Updates | None) -> Row:
    """The row of an update with the sample size, or the reason why it is not measured, by the choice."""
    if updates == "none":
        return replace(row, not_measured=OFF)
    return replace(row, sampled=sample_size(math.prod(row.shape), updates))
