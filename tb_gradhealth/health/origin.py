"""Which of the findings that began together is the likely origin of the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tb_gradhealth.health.findings import Finding
from tb_gradhealth.record import Row

CAUSAL_ORDER: Final = {"activation": 0, "loss": 1, "gradient": 2, "weight": 3, "update": 4}
"""Within one step: the forward pass, the loss, the backward pass, what the optimizer wrote."""


@dataclass(frozen=True)
class Located:
    """A finding with what its place in the network says about causes."""

    finding: Finding
    row: Row
    from_output: bool
    """Whether, among gradients, the one nearest to the output comes first."""


def mark_origins(located: Sequence[Located], tolerance: int) -> list[Finding]:
    """Mark one likely origin in each group of findings that share an onset.

    Args:
        located: any order.
        tolerance: steps after a group's first finding within which others belong to it.

    Returns:
        The findings in order of their onset, the origin of each group first.
    """
    ordered = sorted(located, key=_cause)
    marked: list[Finding] = []
    group: list[Located] = []
    for entry in ordered:
        if group and entry.finding.opened_step - group[0].finding.opened_step > tolerance:
            marked += _with_origin(group)
            group = []
        group.append(entry)
    return marked + _with_origin(group)


def _with_origin(group: list[Located]) -> list[Finding]:
    return [replace(entry.finding, origin=place == 0) for place, entry in enumerate(group)]


def _cause(entry: Located) -> tuple[int, int, int, str]:
    """Sort key: the step, then the causal order within it."""
    row = entry.row
    backward = row.kind != "activation" and entry.from_output
    return (
        entry.finding.opened_step,
        CAUSAL_ORDER[row.kind],
        -row.depth if backward else row.depth,
        row.tensor,
    )
