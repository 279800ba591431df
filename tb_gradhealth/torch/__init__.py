"""Recording for PyTorch: ``import tb_gradhealth.torch as gradhealth`` and `gradhealth.watch`.

Lightning's callback is in `tb_gradhealth.torch.lightning`, that of Hugging Face's trainer in
`tb_gradhealth.torch.huggingface`.
"""

from tb_gradhealth.capture.required import require

require("torch")  # before the modules that would fail for a less clear reason

from tb_gradhealth.capture.guard import TrainingUnhealthy  # noqa: E402
from tb_gradhealth.capture.torch import Watcher, watch  # noqa: E402

__all__ = ["TrainingUnhealthy", "Watcher", "watch"]
