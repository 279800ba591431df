"""The API for PyTorch: `watch` and its `Watcher`; public as `tb_gradhealth.torch`.

Hooks of modules, parameters and optimizers observe each step (`observing`), tensors are measured where they
are (`measuring`), and `step_observation` puts a step together for the `observer` of its rows (`selecting`).
"""

from tb_gradhealth.capture.torch.watcher import Watcher, watch

__all__ = ["Watcher", "watch"]
