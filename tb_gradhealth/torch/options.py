"""The options of `watch` that the callbacks of trainers pass on, checked where they are written."""

import inspect
from typing import Any

from tb_gradhealth.capture.torch.watcher import watch


def checked_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options, which are keyword arguments of `watch`.

    Raises:
        TypeError: one of them is unknown.
    """
    parameters = inspect.signature(watch).parameters.values()
    known = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            raise TypeError(f"{name} is no option: write {', '.join(known)}")
    return options
