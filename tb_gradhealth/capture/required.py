"""The oldest release of each framework that is recorded, and the error where it is missing or older."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Final, NamedTuple


class Framework(NamedTuple):
    """A framework, and its oldest release that is recorded."""

    title: str
    oldest: tuple[int, int]


FRAMEWORKS: Final[Mapping[str, Framework]] = {
    "tensorflow": Framework("TensorFlow", (2, 16)),  # the first with Keras 3
    "torch": Framework("PyTorch", (2, 4)),  # norms of many tensors with a dtype
    "jax": Framework("JAX", (0, 6)),  # whether an array is committed to its devices
}
"""By module, which is also the name of the extra. `pyproject.toml` declares the same releases."""


def require(module: str) -> None:
    """Import a framework and check its release.

    Args:
        module: a key of `FRAMEWORKS`.

    Raises:
        ModuleNotFoundError: it is not installed; the message says how to install it.
        ImportError: its release is too old; the message says which are recorded.
    """
    try:
        found = str(import_module(module).__version__)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        title = FRAMEWORKS[module].title
        raise ModuleNotFoundError(
            f"recording with {title} needs {title}: pip install 'tb_gradhealth[{module}]'", name=module
        ) from None
    if problem := too_old(module, found):
        raise ImportError(problem, name=module)


def too_old(module: str, found: str) -> str:
    """Why a release cannot be recorded, as a sentence; empty if it can or if its number cannot be read."""
    title, oldest = FRAMEWORKS[module]
    numbers = re.match(r"(\d+)\.(\d+)", found)
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= oldest:
        return ""
    release = ".".join(map(str, oldest))
    return (
        f"tb_gradhealth records {title} {release} or newer, and {title} {found} is installed: "
        f"pip install --upgrade 'tb_gradhealth[{module}]'"
    )
