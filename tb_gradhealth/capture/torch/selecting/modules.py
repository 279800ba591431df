"""The modules and parameters of a model: names, roles, activation functions, channel axes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from tb_gradhealth.record import Role

ACTIVATIONS: Final[dict[type[nn.Module], str]] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky_relu",
    nn.PReLU: "prelu",
    nn.RReLU: "leaky_relu",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.CELU: "celu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Hardswish: "hard_silu",
    nn.Mish: "mish",
    nn.Softplus: "softplus",
    nn.Sigmoid: "sigmoid",
    nn.Hardsigmoid: "hard_sigmoid",
    nn.Tanh: "tanh",
    nn.Softsign: "softsign",
    nn.Softmax: "softmax",
}
"""Names of activation functions, as in `record.activation_functions`, by the type of their module."""

PASS_THROUGH: Final = (
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
    nn.Flatten,
    nn.Unflatten,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
    nn.ZeroPad1d,
    nn.ZeroPad2d,
    nn.ZeroPad3d,
    nn.ConstantPad1d,
    nn.ConstantPad2d,
    nn.ConstantPad3d,
    nn.ReflectionPad1d,
    nn.ReflectionPad2d,
    nn.ReflectionPad3d,
    nn.ReplicationPad1d,
    nn.ReplicationPad2d,
    nn.ReplicationPad3d,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.ChannelShuffle,
)
"""Modules that are no rows: they compute nothing, but forward, repeat, drop or select their inputs."""

CHANNELS_SECOND: Final = (_ConvNd, _NormBase, nn.GroupNorm, nn.AvgPool1d, nn.AdaptiveAvgPool1d)
"""Modules whose outputs have channels along the second axis, whatever their rank."""

CHANNELS_LAST: Final = (
    nn.Linear,
    nn.Bilinear,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.Embedding,
    nn.MultiheadAttention,
    nn.RNNBase,
)
"""Modules whose outputs have features along the last axis."""

NORMS: Final = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
EMBEDDINGS: Final = (nn.Embedding, nn.EmbeddingBag)

WRAPPERS: Final = frozenset({"_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module"})
"""Parts of names that `torch.compile`, activation checkpointing and FSDP add."""

OUTPUT: Final = "output"
"""Name of a model's output that is computed by operations after its last module."""


@dataclass(frozen=True)
class Layer:
    """A module whose outputs may be rows.

    Attributes:
        name: its path in the model, ``"encoder.0.linear"``.
        module: the module.
        activation: name of its activation function, ``""`` for none or an unknown one.
        kind: ``"leaf"`` has no inner modules, or counts as one; ``"composite"`` calls others;
            ``"pass_through"`` is none of the rows.
    """

    name: str
    module: nn.Module
    activation: str
    kind: str


@dataclass(frozen=True)
class Watched:
    """A parameter of the model.

    Attributes:
        index: its position among the model's parameters.
        name: its path in the model, ``"encoder.0.linear.weight"``; of a shared one the first path.
        layer: name of the module that owns it.
        module: that module.
        parameter: the parameter; of a lazy module it has no shape before the first call.
    """

    index: int
    name: str
    layer: str
    module: nn.Module
    parameter: nn.Parameter

    @property
    def role(self) -> Role:
        """Its role in its module."""
        return role_of(self.module, self.name, self.parameter)

    @property
    def elements(self) -> int:
        """The number of its elements in this process; of a sharded parameter those of the shard."""
        local: Any = self.parameter
        return int(local.to_local().numel() if hasattr(local, "to_local") else local.numel())


def unwrapped(model: nn.Module) -> nn.Module:
    """The user's model inside `DistributedDataParallel`, `DataParallel` and `torch.compile`."""
    while True:
        if isinstance(model, (nn.parallel.DistributedDataParallel, nn.DataParallel)):
            model = model.module
        elif isinstance(getattr(model, "_orig_mod", None), nn.Module):
            model = model._orig_mod  # type: ignore[assignment]
        else:
            return model


def layers(model: nn.Module) -> Iterator[Layer]:
    """The model and its modules, at every depth; a module that is used several times comes once."""
    for name, module in model.named_modules():
        if isinstance(module, PASS_THROUGH):
            kind = "pass_through"
        else:
            kind = "leaf" if _is_leaf(module) else "composite"
        yield Layer(clean(name) or OUTPUT, module, activation_of(module), kind)


def watched_parameters(model: nn.Module) -> list[Watched]:
    """All parameters of a model, frozen ones too; a shared one comes once."""
    owners: dict[int, tuple[str, nn.Module]] = {}
    for path, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), (clean(path), module))
    found = []
    for index, (path, parameter) in enumerate(model.named_parameters()):
        owner, module = owners[id(parameter)]
        found.append(Watched(index, clean(path), owner or OUTPUT, module, parameter))
    return found


def clean(name: str) -> str:
    """A path without the parts that wrappers add."""
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def activation_of(module: nn.Module) -> str:
    """The name of a module's activation function, ``""`` for none or an unknown one."""
    if isinstance(module, nn.Hardtanh) and not isinstance(module, nn.ReLU6):
        return "hard_tanh" if (module.min_val, module.max_val) == (-1, 1) else ""
    return next((name for kind, name in ACTIVATIONS.items() if isinstance(module, kind)), "")


def role_of(module: nn.Module, name: str, parameter: torch.Tensor) -> Role:
    """The role of a parameter: by its module's type, else by its name, else by its rank."""
    last = name.rsplit(".", 1)[-1].lower()
    if "lora" in name.lower():
        return "other"
    if "bias" in last or last == "b":
        return "bias"
    if isinstance(module, NORMS) or "norm" in type(module).__name__.lower():
        return "norm"
    if isinstance(module, EMBEDDINGS) or "embed" in last:
        return "embedding"
    if last.startswith("weight_hh"):
        return "recurrent"
    if last in ("gamma", "beta"):
        return "norm"
    return "kernel" if parameter.dim() >= 2 else "other"


def unit_axis(module: nn.Module, rank: int, inherited: int | None) -> int:
    """The axis of a module's output that has its units: channels or features.

    Args:
        module: the module.
        rank: of the output.
        inherited: the axis of the module's input, if that is another measured output of this rank.
    """
    if rank < 3 or isinstance(module, CHANNELS_LAST):
        return rank - 1
    if isinstance(module, CHANNELS_SECOND):
        return 1
    if inherited is not None:
        return inherited
    return 1 if rank > 3 else rank - 1


def _is_leaf(module: nn.Module) -> bool:
    # PyTorch's attention has an inner layer of which it uses the weights only.
    return isinstance(module, nn.MultiheadAttention) or next(module.children(), None) is None


def first_tensor(outputs: Any) -> torch.Tensor | None:
    """The first floating tensor with an axis in nested sequences and mappings; None without one."""
    if isinstance(outputs, torch.Tensor):
        floating = outputs.is_floating_point() or outputs.is_complex()
        return outputs if floating and outputs.dim() else None
    if isinstance(outputs, dict):
        outputs = outputs.values()
    elif not isinstance(outputs, (list, tuple)):
        return None
    return next((found for each in outputs if (found := first_tensor(each)) is not None), None)
