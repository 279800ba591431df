"""Recording for JAX: ``import tb_gradhealth.jax as gradhealth``, `Watch` and `Recorder`."""

from tb_gradhealth.capture.required import require

require("jax")  # before the modules that would fail for a less clear reason

from tb_gradhealth.capture.guard import TrainingUnhealthy  # noqa: E402
from tb_gradhealth.capture.jax import Recorder, State, Watch  # noqa: E402

__all__ = ["Recorder", "State", "TrainingUnhealthy", "Watch"]
