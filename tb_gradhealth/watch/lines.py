"""A change of a finding as one line of text, for pipes, logs and mails."""

from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.watch.changes import Change


def line_of(change: Change) -> str:
    """The line: what changed, severity, run, symptom, tensor, step, and the message.

    Columns are separated by two spaces; the first is followed by spaces up to a fixed width.
    """
    finding = change.finding
    step = finding.resolved_step if change.kind == "resolved" else finding.opened_step
    at = "" if step is None else f"step {step:,}"
    return "  ".join(
        [
            f"{change.kind:<8}",
            f"{finding.severity:<8}",
            visible(change.run),
            finding.symptom,
            visible(finding.tensor),
            at,
            visible(finding.message),
        ]
    )
