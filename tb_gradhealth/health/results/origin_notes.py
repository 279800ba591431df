"""Sentences added to an origin's message: about unmeasured tensors before it, and about a bad input."""

from collections.abc import Collection, Iterable

from tb_gradhealth.record import Row

NAMED = 3
"""Number of names in a list; further ones are counted."""


def unmeasured_gap(row: Row, rows: Iterable[Row]) -> str:
    """A sentence about what is before an activation and not measured; ``""`` where all is measured.

    Where the fault arises in such a gap, the first tensor that is measured as bad is not its cause.

    Args:
        row: the activation.
        rows: the rows of the run.
    """
    if row.kind != "activation" or not row.inputs:
        return ""
    unmeasured = {name: reason for name in row.inputs if (reason := _why_unmeasured(name, rows))}
    if unmeasured:
        name, reason = next(iter(unmeasured.items()))
        return f" Before it {name} is not measured ({reason}): the fault may have begun there."
    if row.between:
        return (
            f" Between {_listed(row.inputs)} and {row.tensor}: not measured ({row.between}); the fault may "
            "have begun there."
        )
    return ""


def bad_input(row: Row, bad: Collection[tuple[str, str]], rows: Iterable[Row]) -> str:
    """A sentence where a kernel's gradient is not finite and its bias's is finite: the layer's input is bad.

    With x the input and d the gradient at the layer's output, the kernel's gradient is sum(x d) and the
    bias's is sum(d). A finite sum(d) has only finite terms, so the values that are not finite come from x.

    Args:
        row: the kernel's gradient.
        bad: kind and tensor of every row that is not finite.
        rows: the rows of the run.
    """
    if row.kind != "gradient" or row.role not in ("kernel", "recurrent"):
        return ""
    for other in rows:
        if (other.kind, other.layer, other.role) != ("gradient", row.layer, "bias") or other.not_measured:
            continue
        if ("gradient", other.tensor) not in bad:
            return (
                f" The gradient of {other.tensor} is finite, so what {row.layer} was given is not finite, or "
                "too large for the number format."
            )
    return ""


def _why_unmeasured(name: str, rows: Iterable[Row]) -> str:
    for row in rows:
        if row.tensor == name and row.kind in ("activation", "input"):
            return row.not_measured
    return ""


def _listed(names: Collection[str]) -> str:
    shown = list(names)[:NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
