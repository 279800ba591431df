"""Which `KerasCallback` fits the backend of Keras: `fit` is recorded with TensorFlow's only."""

from importlib import import_module
from typing import Any, Final

RECORDED: Final = "tensorflow"

INSTEAD: Final = {
    "jax": "record a training step of your own with tb_gradhealth.jax.Watch and Recorder",
    "torch": "record a training loop of your own with tb_gradhealth.torch.watch",
}
"""What a user of another backend can write, by backend."""


def keras_callback() -> Any:
    """The class `KerasCallback`; for another backend one that raises an error when it is constructed.

    Raises:
        ModuleNotFoundError: TensorFlow is missing.
    """
    backend = _backend()
    if backend == RECORDED:
        return import_module("tb_gradhealth.capture.tensorflow").KerasCallback
    instead = INSTEAD.get(backend)
    advice = f"{instead}, or set KERAS_BACKEND" if instead else "set KERAS_BACKEND"
    message = (
        f"KerasCallback cannot record fit with Keras's backend {backend}: {advice}=tensorflow before Keras "
        "is imported"
    )

    class KerasCallback:
        """`KerasCallback` where Keras has another backend."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            raise RuntimeError(message)

    return KerasCallback


def _backend() -> str:
    """The name of Keras's backend; that of Keras 2, or without Keras, is TensorFlow."""
    try:
        return str(import_module("keras").config.backend())
    except (ModuleNotFoundError, AttributeError):
        return RECORDED
