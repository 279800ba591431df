"""Recording for JAX: ``import tb_gradhealth.jax as gradhealth``, `Watch` and `Recorder`."""

try:
    from tb_gradhealth.capture.jax import Recorder, State, Watch
except ModuleNotFoundError as error:
    if error.name != "jax":
        raise
    raise ModuleNotFoundError(
        "tb_gradhealth.jax needs JAX: pip install 'tb_gradhealth[jax]'", name="jax"
    ) from None

from tb_gradhealth.capture.guard import TrainingUnhealthy

__all__ = ["Recorder", "State", "TrainingUnhealthy", "Watch"]
