"""What the commands that train need: TensorFlow and scikit-learn, started quietly."""

import os
from importlib.util import find_spec
from typing import Final

import click

QUIET: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
"""TensorFlow's start-up notes would run through the progress bars, and without oneDNN's reordering
a training comes out the same everywhere."""


def require_training(command: str) -> None:
    """Refuse to go on where what trains is not installed.

    Raises:
        click.UsageError: saying what to install.
    """
    missing = [name for name in ("tensorflow", "sklearn") if find_spec(name) is None]
    if missing:
        raise click.UsageError(
            f"{command} trains for real and needs {' and '.join(missing)}: "
            "pip install 'tb_gradhealth[tensorflow,demo]'"
        )


def environment() -> dict[str, str]:
    """This process's environment with TensorFlow kept quiet, unless the user wants it otherwise."""
    return {**QUIET, **os.environ}
