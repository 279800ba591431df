"""What an auditor needs to repeat a report: the rule set, the software, and the SHA-256 of what was read."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_gradhealth.events import sha256_of
from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.rules import RulesInForce, document_of
from tb_gradhealth.version import __version__


@dataclass(frozen=True)
class ReadFile:
    """An event file, as far as it was read.

    Attributes:
        path: its path below the log directory.
        bytes: how many of its bytes were read.
        sha256: of these bytes, as hexadecimal digits; empty where it can no longer be read.
    """

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Audit:
    """The conditions of a report.

    Attributes:
        software: versions by name.
        rules_origin: name of the preset or path of the file.
        rules: the values of the rule set that differ from the defaults, as in a rule file.
        files: the files of each run, by the run's name.
    """

    software: Mapping[str, str]
    rules_origin: str
    rules: Mapping[str, Any]
    files: Mapping[str, tuple[ReadFile, ...]]


def audit_of(rules: RulesInForce, files: Mapping[str, tuple[ReadFile, ...]]) -> Audit:
    """The audit of runs that were judged by some rules.

    Args:
        rules: the rules.
        files: the files of each run, by the run's name.
    """
    return Audit(
        software={
            "tb_gradhealth": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        rules_origin=rules.origin,
        rules=document_of(rules.rules),
        files=files,
    )


def read_files_of(run: MonitoredRun) -> tuple[ReadFile, ...]:
    """The event files of a run that was read. Reads them once more, to hash them."""
    return tuple(_hashed(shown, path, size) for shown, path, size in run.read_files())


def _hashed(shown: str, path: str, size: int) -> ReadFile:
    try:
        return ReadFile(shown, size, sha256_of(path, size))
    except OSError:
        return ReadFile(shown, size, "")
