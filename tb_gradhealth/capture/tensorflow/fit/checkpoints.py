"""The checkpoints that other callbacks of the same `fit` write."""

import glob
import os
import re
from collections.abc import Iterable
from typing import Any

import keras


def checkpoint_patterns(callbacks: Iterable[Any]) -> tuple[str, ...]:
    """Glob patterns of the files of each `keras.callbacks.ModelCheckpoint`; no callback is referred to."""
    saving = (each for each in callbacks if isinstance(each, keras.callbacks.ModelCheckpoint))
    return tuple(re.sub(r"\{[^}]*\}", "*", glob.escape(str(each.filepath))) for each in saving)


def last_checkpoint(patterns: Iterable[str], before: float) -> str:
    """The path of the newest checkpoint that is not newer than a time; empty where there is none.

    Args:
        patterns: of the files.
        before: seconds since the epoch.
    """
    paths = [path for pattern in patterns for path in glob.glob(pattern) if os.path.getmtime(path) <= before]
    return max(paths, key=os.path.getmtime, default="")
