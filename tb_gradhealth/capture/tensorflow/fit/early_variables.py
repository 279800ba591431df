"""Creates the optimizer's and the metrics' variables before the first step of a `fit` is traced.

Keras leaves it to the first step. `tf.function` traces a step that creates variables a second time, and
creates each variable by a function of its own: together that takes as long as all the rest of the first step.
"""

from typing import Any

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.fit.keras_own import is_keras_own


def create_variables(model: Any, iterator: Any) -> None:
    """Create them as the first step would, of a model whose step is Keras's own.

    Args:
        model: a compiled Keras model.
        iterator: the data of `fit`.
    """
    if model.run_eagerly or not is_keras_own(model.train_step, keras.Model.train_step):
        return
    if all(layer.built for layer in model._flatten_layers()):
        _build_optimizer(model.optimizer, model.trainable_weights)
        _build_metrics(model, iterator)


def _build_optimizer(optimizer: Any, weights: list[Any]) -> None:
    if optimizer is None or optimizer.built or not weights:
        return
    with keras.name_scope(optimizer.name, caller=optimizer):
        optimizer.build(weights)
    optimizer.built = True


def _build_metrics(model: Any, iterator: Any) -> None:
    """Create the metrics that are given by name; Keras has no public API for that."""
    metrics, outputs = getattr(model, "_compile_metrics", None), getattr(model, "outputs", None) or []
    spec = getattr(iterator, "element_spec", None)
    if metrics is None or metrics.built or len(outputs) != 1 or spec is None:
        return
    _, targets, _ = keras.utils.unpack_x_y_sample_weight(spec)
    if isinstance(targets, tf.TensorSpec) and targets.shape.rank is not None:
        try:
            metrics.build(keras.KerasTensor(tuple(targets.shape), targets.dtype.name), outputs[0])
        except Exception:  # the first step creates them then, or raises what is wrong
            return
