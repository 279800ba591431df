"""Describes a compiled loss: its type among Keras's losses, its targets and its weights."""

import math
from collections.abc import Mapping
from typing import Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.targets import LossType, Reduction, Targets, Term

losses: Final = keras.losses

LOSS_TYPES: Final[Mapping[Any, LossType]] = {
    losses.sparse_categorical_crossentropy: "classes",
    losses.categorical_crossentropy: "distribution",
    losses.binary_crossentropy: "binary",
    losses.mean_squared_error: "squares",
    losses.mean_squared_logarithmic_error: "log_squares",
    losses.mean_absolute_error: "absolute",
    losses.mean_absolute_percentage_error: "percentage",
    losses.huber: "huber",
    losses.log_cosh: "log_cosh",
    losses.poisson: "poisson",
}
"""Loss types by the function of a `keras.losses.Loss`."""

REDUCTIONS: Final[Mapping[str, Reduction]] = {
    "sum_over_batch_size": "mean",
    "mean": "mean",
    "sum": "sum",
    "mean_with_sample_weight": "weighted_mean",
}

MAX_POSITIONED: Final[Mapping[str, int]] = {
    **dict.fromkeys(("binary", "squares", "log_squares", "poisson"), 1 << 14),
    **dict.fromkeys(("absolute", "percentage", "huber", "log_cosh"), 1 << 8),
}
"""Elements of a target up to which each position has its own constant; positions of classes share one."""


def compiled_targets(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any, replicas: int) -> list[Targets]:
    """The targets of each output, in the order of the losses; empty if one of them has an unknown loss type.

    Args:
        loss: the model's `CompileLoss`, after it was called.
        y_true: its argument.
        y_pred: its argument.
        sample_weight: its argument.
        replicas: number of replicas that train together.
    """
    found = []
    for path, each, loss_weight in _flat_losses(loss):
        try:
            target, predicted = _lookup(path, y_true), _lookup(path, y_pred)
            weights = _lookup(path, sample_weight) if tf.nest.is_nested(sample_weight) else sample_weight
        except (KeyError, IndexError, TypeError):
            return []  # Keras also accepts structures that differ
        loss_weight = 1.0 if loss_weight is None else loss_weight
        if getattr(each, "reduction", None) == "sum":
            loss_weight *= replicas  # the sums of the replicas are added
        targets = _targets(each, loss_weight, target, predicted, weights)
        if targets is None:
            return []
        found.append(targets)
    return found


def _flat_losses(loss: Any) -> list[tuple[Any, Any, Any]]:
    """The place in the outputs, the loss and the weight of each output.

    Before 3.7, Keras keeps no places: then only the loss of a single output is known.
    """
    if hasattr(loss, "flat_losses"):
        only = zip(loss.flat_losses or (), loss.flat_loss_weights or (), strict=False)
        found = [((), each, loss_weight) for each, loss_weight in only]
        return found if len(found) == 1 and found[0][1] is not None else []
    return [(path, each, weight) for path, each, weight, _ in getattr(loss, "_flat_losses", None) or ()]


def _lookup(path: Any, structure: Any) -> Any:
    for key in path:
        structure = structure[key]
    return structure


def _targets(loss: Any, loss_weight: Any, target: Any, predicted: Any, weights: Any) -> Targets | None:
    loss_type: LossType | None = LOSS_TYPES.get(getattr(loss, "fn", None))
    is_standard = type(loss).call is losses.MeanSquaredError.call  # it has no additional processing
    reduction: Reduction | None = REDUCTIONS.get(str(getattr(loss, "reduction", None)))
    if loss_type is None or reduction is None or not is_standard or not isinstance(loss_weight, (int, float)):
        return None
    if not (isinstance(target, tf.Tensor) and isinstance(predicted, tf.Tensor)):
        return None
    settings = getattr(loss, "_fn_kwargs", {})
    sizes = predicted.shape
    if (sizes.rank or 0) < 2 or sizes[-1] is None or settings.get("axis", -1) != -1:
        return None
    if loss_type != "classes" and not _shapes_match(target.shape, sizes):
        return None
    if weights is not None and not isinstance(weights, tf.Tensor):
        weights = tf.convert_to_tensor(weights)
    inner = sizes[1:]
    has_positions = inner.is_fully_defined() and inner.num_elements() <= MAX_POSITIONED.get(loss_type, 0)
    term = Term(
        loss_type,
        outputs=sizes[-1],
        positions=math.prod(inner[:-1]) if has_positions else 1,
        reduction=reduction,
        loss_weight=float(loss_weight),
        smoothing=float(settings.get("label_smoothing") or 0.0),
        delta=float(settings.get("delta", 1.0)),
        ignored=settings.get("ignore_class"),
    )
    # Keras stores a mask as an attribute of the predictions.
    return Targets(term, target, tf.shape(predicted)[:-1], weights, getattr(predicted, "_keras_mask", None))


def _shapes_match(target: Any, predicted: Any) -> bool:
    """Whether a target has an element for each prediction; a last axis of size 1 may be missing."""
    if target.rank is None:
        return False
    if target.rank == predicted.rank - 1 and predicted[-1] == 1:
        return bool(target.is_compatible_with(predicted[:-1]))
    return bool(target.rank == predicted.rank and target[-1] == predicted[-1])
