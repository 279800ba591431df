"""Requirements of the commands that train: a framework and scikit-learn, without start-up messages."""

import os
from importlib.util import find_spec
from typing import Final

import click

QUIET: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
"""TensorFlow's start-up messages would disturb the progress bars, and oneDNN's reordering would make results
depend on the machine."""

REQUIRED: Final = {
    "tensorflow": ("tensorflow", "sklearn"),
    "torch": ("torch", "sklearn"),
    "jax": ("jax", "flax", "optax", "sklearn"),
}
"""By framework, the modules that its trainings import."""

INSTALLED_BY: Final = {
    "tensorflow": "'tb_gradhealth[tensorflow,demo]'",
    "torch": "'tb_gradhealth[torch,demo]'",
    "jax": "'tb_gradhealth[jax,demo]' flax optax",
}
"""By framework, the arguments of ``pip install`` that install them."""


def require_training(command: str, framework: str = "tensorflow") -> None:
    """Check that the packages for training are installed.

    Raises:
        click.UsageError: one is missing; the message names what to install.
    """
    missing = [name for name in REQUIRED[framework] if find_spec(name) is None]
    if missing:
        raise click.UsageError(
            f"{command} trains for real and needs {' and '.join(missing)}: "
            f"pip install {INSTALLED_BY[framework]}"
        )


def environment() -> dict[str, str]:
    """This process's environment with the defaults of `QUIET`."""
    return {**QUIET, **os.environ}
