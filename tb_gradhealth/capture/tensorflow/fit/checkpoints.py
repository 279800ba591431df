"""The checkpoints that callbacks of the same `fit` have written."""

import glob
import os
import re
from collections.abc import Sequence
from typing import Any

import keras


def last_checkpoint(callbacks: Sequence[Any], before: float) -> str:
    """The path of the newest checkpoint that is not newer than a time; empty where there is none.

    Args:
        callbacks: of the `fit`; those that are a `keras.callbacks.ModelCheckpoint` count.
        before: seconds since the epoch.
    """
    paths = [
        path
        for callback in callbacks
        if isinstance(callback, keras.callbacks.ModelCheckpoint)
        for path in glob.glob(re.sub(r"\{[^}]*\}", "*", glob.escape(str(callback.filepath))))
        if os.path.getmtime(path) <= before
    ]
    return max(paths, key=os.path.getmtime, default="")
