"""Recording for PyTorch: ``import tb_gradhealth.torch as gradhealth`` and `gradhealth.watch`.

Lightning's callback is in `tb_gradhealth.torch.lightning`, that of Hugging Face's trainer in
`tb_gradhealth.torch.huggingface`.
"""

try:
    from tb_gradhealth.capture.torch import Watcher, watch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        "tb_gradhealth.torch needs PyTorch: pip install 'tb_gradhealth[torch]'", name="torch"
    ) from None

from tb_gradhealth.capture.guard import TrainingUnhealthy

__all__ = ["TrainingUnhealthy", "Watcher", "watch"]
