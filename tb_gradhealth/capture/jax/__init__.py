"""The API for JAX: `Watch` and `Recorder`; public as `tb_gradhealth.jax`.

A `Watch` describes the tensors of a training (`selecting`). Pure functions observe a step (`observing`) and
measure it (`measuring`) into a `State` that the step carries. The host reads it through an `observer`.
"""

from tb_gradhealth.capture.jax.recorder import Recorder
from tb_gradhealth.capture.jax.state import State
from tb_gradhealth.capture.jax.watch import Watch

__all__ = ["Recorder", "State", "Watch"]
