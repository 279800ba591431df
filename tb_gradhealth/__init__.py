"""Grad Health: which layer of the network went wrong first, when, and what to try.

In the training code::

    import tb_gradhealth as gradhealth

    model.fit(..., callbacks=[gradhealth.KerasCallback(log_dir)])

and then ``tensorboard --logdir logs`` shows the tab *Grad Health*. The names below are the public
door; they load TensorFlow only when first used, so that readers work without it. ``gradhealth.load(logdir)``
reads what was recorded. The door for PyTorch is `tb_gradhealth.torch`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tb_gradhealth.version import __version__

if TYPE_CHECKING:
    from tb_gradhealth.analysis import load
    from tb_gradhealth.capture.guard import TrainingUnhealthy
    from tb_gradhealth.capture.tensorflow import KerasCallback, Recorder, capture, raise_if_unhealthy, summary

__all__ = [
    "KerasCallback",
    "Recorder",
    "TrainingUnhealthy",
    "__version__",
    "capture",
    "load",
    "raise_if_unhealthy",
    "summary",
]

_TENSORFLOW: Final = frozenset({"Recorder", "raise_if_unhealthy", "summary"})


def __getattr__(name: str) -> Any:
    if name in _TENSORFLOW:
        return getattr(import_module("tb_gradhealth.capture.tensorflow"), name)
    if name == "KerasCallback":
        return import_module("tb_gradhealth.capture.keras_backend").keras_callback()
    if name == "capture":
        return import_module("tb_gradhealth.capture")  # callable, see there
    if name == "TrainingUnhealthy":
        return import_module("tb_gradhealth.capture.guard").TrainingUnhealthy
    if name == "load":
        return import_module("tb_gradhealth.analysis").load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
