"""Reads event files: framing, checksums, incremental reading, and the runs of a log directory.

`RunReader` turns the files of one run into records. Damage never stops the reading of what follows where that
is possible: each kind of damage in a file becomes one `Problem`. TensorFlow is not imported.
"""

from tb_gradhealth.events.digest import sha256_of
from tb_gradhealth.events.discovery import Discovery, EventFile, Root, discover
from tb_gradhealth.events.discovery_cache import DiscoveryCache
from tb_gradhealth.events.hparams import HParamsReader
from tb_gradhealth.events.problems import Problem
from tb_gradhealth.events.run_reader import RunReader
from tb_gradhealth.events.storage import is_remote

__all__ = [
    "Discovery",
    "DiscoveryCache",
    "EventFile",
    "HParamsReader",
    "Problem",
    "Root",
    "RunReader",
    "discover",
    "is_remote",
    "sha256_of",
]
