"""Whether a model's method is Keras's own, which decides what its step is known to do."""

import inspect
from typing import Any


def is_keras_own(method: Any, own: Any) -> bool:
    """Whether a bound method, behind wrappers, is the function ``own`` of Keras and not overridden."""
    found = inspect.unwrap(method)
    return getattr(found, "__func__", found) is own
