"""What a compiled loss asks of its targets: which of Keras's losses it is, and how it is weighted."""

import math
from collections.abc import Mapping
from typing import Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.targets import Form, Reduction, Targets, Term

losses: Final = keras.losses

FORMS: Final[Mapping[Any, Form]] = {
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
"""By the function behind a `keras.losses.Loss`."""

REDUCTIONS: Final[Mapping[str, Reduction]] = {
    "sum_over_batch_size": "mean",
    "mean": "mean",
    "sum": "sum",
    "mean_with_sample_weight": "weighted_mean",
}

WIDEST: Final[Mapping[str, int]] = {
    **dict.fromkeys(("binary", "squares", "log_squares", "poisson"), 1 << 14),
    **dict.fromkeys(("absolute", "percentage", "huber", "log_cosh"), 1 << 8),
}
"""Numbers up to which each of a target's places has a constant of its own; of classes all share one."""


def compiled_targets(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any, replicas: int) -> list[Targets]:
    """The targets of each output, in the order of the losses; empty where one of them has no known form.

    Args:
        loss: the model's `CompileLoss`, after it was called.
        y_true: as it was called.
        y_pred: likewise.
        sample_weight: likewise.
        replicas: how many train together.
    """
    found = []
    for path, each, share, _ in getattr(loss, "_flat_losses", None) or ():
        try:
            target, predicted = _at(path, y_true), _at(path, y_pred)
            weights = _at(path, sample_weight) if keras.tree.is_nested(sample_weight) else sample_weight
        except (KeyError, IndexError, TypeError):
            return []  # Keras pairs other structures up, too
        share = 1.0 if share is None else share
        if getattr(each, "reduction", None) == "sum":
            share *= replicas  # each has a sum of its own, and they are added up
        targets = _targets(each, share, target, predicted, weights)
        if targets is None:
            return []
        found.append(targets)
    return found


def _at(path: Any, structure: Any) -> Any:
    for key in path:
        structure = structure[key]
    return structure


def _targets(loss: Any, share: Any, target: Any, predicted: Any, weights: Any) -> Targets | None:
    form: Form | None = FORMS.get(getattr(loss, "fn", None))
    usual = type(loss).call is losses.MeanSquaredError.call  # not one that does something else before
    reduction: Reduction | None = REDUCTIONS.get(str(getattr(loss, "reduction", None)))
    if form is None or reduction is None or not usual or not isinstance(share, (int, float)):
        return None
    if not (isinstance(target, tf.Tensor) and isinstance(predicted, tf.Tensor)):
        return None
    settings = getattr(loss, "_fn_kwargs", {})
    sizes = predicted.shape
    if (sizes.rank or 0) < 2 or sizes[-1] is None or settings.get("axis", -1) != -1:
        return None
    if form != "classes" and not _same(target.shape, sizes):
        return None
    if weights is not None and not isinstance(weights, tf.Tensor):
        weights = tf.convert_to_tensor(weights)
    inner = sizes[1:]
    alone = inner.is_fully_defined() and inner.num_elements() <= WIDEST.get(form, 0)
    term = Term(
        form,
        outputs=sizes[-1],
        positions=math.prod(inner[:-1]) if alone else 1,
        reduction=reduction,
        share=float(share),
        smoothing=float(settings.get("label_smoothing") or 0.0),
        delta=float(settings.get("delta", 1.0)),
        ignored=settings.get("ignore_class"),
    )
    # Where Keras keeps a mask.
    return Targets(term, target, tf.shape(predicted)[:-1], weights, getattr(predicted, "_keras_mask", None))


def _same(target: Any, predicted: Any) -> bool:
    """Whether a target has a number for each predicted one; its last axis may be left out where it is 1."""
    if target.rank is None:
        return False
    if target.rank == predicted.rank - 1 and predicted[-1] == 1:
        return bool(target.is_compatible_with(predicted[:-1]))
    return bool(target.rank == predicted.rank and target[-1] == predicted[-1])
