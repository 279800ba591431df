"""Severities of findings, by name and as levels."""

from typing import Final, Literal, get_args

Severity = Literal["info", "warning", "critical"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From least to worst."""

INFO: Final = 0
WARNING: Final = 1
CRITICAL: Final = 2
"""Levels: indices into SEVERITIES."""


def at_least(severity: Severity, limit: Severity) -> bool:
    """Whether ``severity`` is as bad as ``limit`` or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(limit)
