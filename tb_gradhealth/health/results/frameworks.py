"""Advice in the words of the framework that wrote a run. `TERMS` resolves the placeholders of the texts.

A further framework is an entry in `FRAMEWORKS` and a field of `Term`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Framework = Literal["", "tensorflow", "torch", "jax"]
"""What a run was trained with, as in the setting ``framework`` of its row tables; empty for any other."""

FRAMEWORKS: Final[tuple[Framework, ...]] = tuple(each for each in get_args(Framework) if each)


@dataclass(frozen=True)
class Term:
    """The words for one placeholder: in each framework, and ``neutral`` where the framework is not known."""

    neutral: str
    tensorflow: str
    torch: str
    jax: str


TERMS: Final[Mapping[str, Term]] = {
    "relu": Term("ReLU", "ReLU", "nn.ReLU", "jax.nn.relu"),
    "leaky_relu": Term("leaky ReLU", "LeakyReLU", "nn.LeakyReLU", "jax.nn.leaky_relu"),
    "elu": Term("ELU", "ELU", "nn.ELU", "jax.nn.elu"),
    "gelu": Term("GELU", "GELU", "nn.GELU", "jax.nn.gelu"),
    "silu": Term("SiLU", "SiLU", "nn.SiLU", "jax.nn.silu"),
    "batch_normalization": Term(
        "batch normalization", "BatchNormalization", "nn.BatchNorm1d or nn.BatchNorm2d", "BatchNorm"
    ),
    "normalization_layers": Term(
        "batch or layer normalization",
        "BatchNormalization or LayerNormalization",
        "nn.BatchNorm1d, nn.BatchNorm2d or nn.LayerNorm",
        "BatchNorm or LayerNorm",
    ),
    "he_initialization": Term(
        "He initialization",
        "He initialization",
        "nn.init.kaiming_normal_",
        "jax.nn.initializers.he_normal",
    ),
    "glorot_initialization": Term(
        "Glorot initialization",
        "Glorot initialization",
        "nn.init.xavier_normal_",
        "jax.nn.initializers.glorot_normal",
    ),
    "gated_cells": Term("LSTM or GRU", "LSTM or GRU", "nn.LSTM or nn.GRU", "LSTM or GRU"),
    "orthogonal_initialization": Term(
        "an orthogonal recurrent initializer",
        "an orthogonal recurrent initializer",
        "nn.init.orthogonal_ for the recurrent weights",
        "jax.nn.initializers.orthogonal for the recurrent weights",
    ),
    "by_norm": Term(
        "by their global norm",
        "by global_clipnorm=1.0 of the Keras optimizer",
        "by torch.nn.utils.clip_grad_norm_",
        "by optax.clip_by_global_norm",
    ),
    "adaptive_optimizers": Term(
        "Adam, LAMB", "Adam, LAMB", "torch.optim.Adam, torch.optim.AdamW", "optax.adam, optax.lamb"
    ),
    "own_learning_rate": Term(
        "a learning rate of its own",
        "a learning rate of its own",
        "a learning rate of its own, in a parameter group",
        "a learning rate of its own, by optax.partition",
    ),
    "freeze_layer": Term(
        "Freeze the layer",
        "Freeze the layer (trainable = False)",
        "Freeze the layer (requires_grad_(False))",
        "Freeze the layer (optax.set_to_zero for its parameters)",
    ),
    "exclude_variable": Term(
        "Exclude the variable from the training",
        "Set trainable = False",
        "Set requires_grad = False",
        "Leave the variable out of the differentiated parameters",
    ),
    "float32_weights": Term(
        "Keep weights in float32",
        "Keep weights in float32 (a mixed policy)",
        "Keep weights in float32 (and compute in bfloat16 by torch.autocast)",
        "Keep weights in float32 (param_dtype in Flax)",
    ),
    "scale_loss": Term(
        "Scale the loss",
        "Scale the loss by Keras's LossScaleOptimizer (added under mixed_float16)",
        "Scale the loss by torch.amp.GradScaler",
        "Scale the loss, as flax.training.dynamic_scale.DynamicScale does",
    ),
    "normalize_inputs": Term(
        "subtract the training data's mean and divide by its standard deviation",
        "use a Normalization layer adapted to the training data",
        "subtract the training data's mean and divide by its standard deviation",
        "subtract the training data's mean and divide by its standard deviation",
    ),
    "loss_on_logits": Term(
        "a loss that takes logits",
        "the loss on logits (from_logits=True)",
        "a loss that takes logits (nn.CrossEntropyLoss, nn.BCEWithLogitsLoss)",
        "a loss that takes logits (optax.softmax_cross_entropy, optax.sigmoid_binary_cross_entropy)",
    ),
    "by_assertion": Term(
        "for values that are not finite",
        "with tf.debugging.assert_all_finite",
        "with torch.isfinite, and the step with torch.autograd.detect_anomaly",
        "with jax.numpy.isfinite, and the step under jax.debug_nans(True)",
    ),
}
"""The words by placeholder; ``{relu}`` in a text is the entry ``relu``."""


def framework_of(settings: Mapping[str, Any]) -> Framework:
    """The framework in the settings of a row table. TensorFlow where they name none, as in early logs."""
    name = settings.get("framework", "tensorflow")
    if name == "keras":  # `KerasCallback` requires Keras's TensorFlow backend
        return "tensorflow"
    return next((each for each in FRAMEWORKS if each == name), "")


def worded(text: str, framework: Framework) -> str:
    """A text with its placeholders in the words of a framework; neutral ones for ``""``."""
    return text.format_map({name: getattr(term, framework or "neutral") for name, term in TERMS.items()})
