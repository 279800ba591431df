"""Python's module ``fcntl``, for locks and leases; None on Windows, which has neither."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None
