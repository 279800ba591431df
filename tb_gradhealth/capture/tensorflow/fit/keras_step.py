"""Wraps a Keras model's training step, so that its tensors are observed."""

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.fit.compiled_loss import compiled_targets
from tb_gradhealth.capture.tensorflow.fit.compiled_step import CompiledStep, Step
from tb_gradhealth.capture.tensorflow.fit.keras_own import is_keras_own
from tb_gradhealth.capture.tensorflow.fit.registered_gradients import RegisteredGradients
from tb_gradhealth.capture.tensorflow.fit.returned_loss import MeanUpdates, mean_updates, returned_losses
from tb_gradhealth.capture.tensorflow.observing.replicas import replica, replicas
from tb_gradhealth.capture.tensorflow.recorder import Recorder
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations, capture, replaced
from tb_gradhealth.capture.tensorflow.selecting.inputs import (
    Named,
    named_inputs,
    named_targets,
    with_unique_names,
)
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors
from tb_gradhealth.capture.tensorflow.selecting.settings import training_numbers
from tb_gradhealth.capture.tensorflow.selecting.structure import frozen_variables
from tb_gradhealth.capture.tensorflow.selecting.targets import Targets

NO_OPTIMIZER: Final = (
    "tb_gradhealth saw no optimizer apply gradients in a training step, so it records none: keep each "
    "optimizer in an attribute of the model, or in a list or dict there, or use gradhealth.Recorder"
)

COMPUTE_LOSS: Final = ("x", "y", "y_pred", "sample_weight", "training")
"""Arguments of a model's ``compute_loss``, in order."""

CLIPPING: Final = ("clipnorm", "global_clipnorm", "clipvalue")

ADD: Final = "_aggregate_additional_loss"
"""The method that ``compute_loss`` calls for each of a model's ``losses``."""


@dataclass
class _Observed:
    """The observed tensors of one replica's step.

    ``additional`` has the model's ``losses`` while they are added to the compiled loss.
    """

    gradients: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    clipped: dict[int, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    loss: Any = None
    targets: Named = field(default_factory=list)
    constant: list[Targets] = field(default_factory=list)
    additional: list[Any] | None = None
    activations: Activations | None = None

    def end_forward_pass(self) -> None:
        """Ignore further calls of layers: they are `tf.recompute_grad` in the backward pass."""
        if self.activations is not None:
            self.activations.in_forward_pass = False


class ObservedStep:
    """The wrappers through which a recorder observes the steps of one model."""

    def __init__(self, model: Any, recorder: Recorder, activations: bool, compiled: bool = False) -> None:
        """Prepare the wrappers.

        Args:
            model: the model in training.
            recorder: the recorder that observes its steps.
            activations: whether to measure layers' outputs.
            compiled: whether XLA compiles the step, without the recorder's operations.
        """
        self._model = model
        self._compiled = compiled
        self._recorder = recorder
        self._activations = activations
        self._warned = False
        # By replica: their steps are traced alternately.
        self._observed: dict[int, _Observed] = {}
        self._registered = RegisteredGradients()

    def release(self) -> None:
        """Release the traced graphs, which will not run again."""
        self._registered.remove()

    def wrappers(self) -> list[tuple[Any, str, Any]]:
        """The attributes to replace: owner, attribute, wrapper."""
        model = self._model
        wrappers = [
            (model, "train_step", self._train_step(model.train_step)),
            (model, "compute_loss", self._compute_loss(model.compute_loss)),
        ]
        # Keras has no public API for either.
        compiled, add = getattr(model, "_compile_loss", None), getattr(model, ADD, None)
        # Keras's own loss is the sum of the compiled loss and the model's ``losses``.
        if compiled is not None and is_keras_own(model.compute_loss, keras.Model.compute_loss):
            wrappers.append((compiled, "call", self._compiled_loss(compiled, compiled.call)))
        if add is not None:
            wrappers.append((model, ADD, self._additional_loss(add)))
        return wrappers + [
            (optimizer, "apply", self._apply(optimizer, optimizer.apply)) for optimizer in _optimizers(model)
        ]

    def _train_step(self, train_step: Callable[..., Any]) -> Callable[..., Any]:
        step: Step = functools.partial(self._step, train_step)
        if self._compiled:
            step = CompiledStep(step)

        @functools.wraps(train_step)
        def observed_train_step(*args: Any, **kwargs: Any) -> Any:
            logs, selection = step(*args, **kwargs)
            if selection is not None:
                self._recorder.observe_selected(selection)
            return logs

        return observed_train_step

    def _step(
        self, train_step: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> tuple[Any, Selection | None]:
        """Run the step; return its result and its selection."""
        observed = self._observed[replica()] = _Observed()
        self._registered.add_current_graph()
        with ExitStack() as stack:
            # Only the first replica captures; two captures at once would undo each other.
            captured = self._activations and replica() == 0
            inputs, observed.targets = _inputs_and_targets(args, self._model)
            if captured:
                observed.activations = stack.enter_context(capture(self._model))
                observed.activations.set_data(inputs)
            values = stack.enter_context(mean_updates(self._model))
            logs = train_step(*args, **kwargs)
            if observed.loss is None:
                observed.loss = _returned_losses(logs, values)
        trained = list(observed.gradients.values())
        if not trained and not self._warned:
            self._warned = True
            warnings.warn(NO_OPTIMIZER, RuntimeWarning, stacklevel=2)
        clipped = (
            [observed.clipped.get(id(variable)) for _, variable in trained] if observed.clipped else None
        )
        frozen = [(None, variable) for variable in frozen_variables(self._model)]
        del self._observed[replica()]
        if not trained and (observed.activations is None or not observed.activations.calls):
            return logs, None
        tensors = StepTensors(
            [*trained, *frozen],
            weights=[variable for _, variable in trained],
            activations=observed.activations,
            loss=observed.loss,
            clipped=None if clipped is None else [*clipped, *(None for _ in frozen)],
            training=observed.training,
            inputs=None if observed.activations is not None else with_unique_names(inputs),
            targets=with_unique_names(observed.targets),
            constant=observed.constant,
        )
        return logs, self._recorder.selected(tensors)

    def _compute_loss(self, compute_loss: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(compute_loss)
        def observed_compute_loss(*args: Any, **kwargs: Any) -> Any:
            observed = self._observed.get(replica())
            if observed is not None:
                observed.additional, observed.constant = [], []
            loss = compute_loss(*args, **kwargs)
            observed = self._observed.get(replica())
            if observed is not None:  # the validation calls the same method outside a step
                observed.loss = loss
                if observed.additional:
                    observed.training["regularization"] = tf.add_n(observed.additional) * replicas()
                observed.additional = None
                arguments = {**dict(zip(COMPUTE_LOSS, args, strict=False)), **kwargs}
                observed.targets = named_targets(arguments.get("y")) or observed.targets
                observed.end_forward_pass()
            return loss

        return observed_compute_loss

    def _compiled_loss(self, compiled: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def observed_call(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            loss = call(y_true, y_pred, sample_weight)
            observed = self._observed.get(replica())
            if observed is not None and observed.additional is not None:
                observed.constant = compiled_targets(compiled, y_true, y_pred, sample_weight, replicas())
            return loss

        return observed_call

    def _additional_loss(self, add: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(add)
        def observed_add(loss: Any) -> Any:
            added = add(loss)
            observed = self._observed.get(replica())
            if observed is not None and observed.additional is not None:
                observed.additional.append(tf.convert_to_tensor(added))
            return added

        return observed_add

    def _apply(self, optimizer: Any, apply: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(apply)
        def observed_apply(grads: Any, trainable_variables: Any = None) -> Any:
            grads = list(grads)
            variables = list(
                optimizer._trainable_variables if trainable_variables is None else trainable_variables
            )
            observed = self._observed.get(replica())
            if observed is None:
                return apply(grads, trainable_variables)
            scale = getattr(optimizer, "dynamic_scale", None)
            pairs = list(zip(grads, variables, strict=False))
            for gradient, variable in pairs:
                observed.gradients[id(variable)] = (_unscaled(gradient, scale), variable)
            for name, number in training_numbers(optimizer).items():
                observed.training.setdefault(name, tf.convert_to_tensor(number))
            with _observed_clipping(optimizer, pairs, observed.clipped):
                return apply(grads, variables) if trainable_variables is not None else apply(grads)

        return observed_apply


def _inputs_and_targets(args: Any, model: Any) -> tuple[Named, Named]:
    """The inputs and targets of a step if its argument has Keras's form: (x, y, weights) or a part of it."""
    try:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(args[0])
    except (IndexError, ValueError):
        return [], []
    return named_inputs(x, model), named_targets(y)


def _returned_losses(logs: Any, values: MeanUpdates) -> dict[str, Any] | None:
    """The losses of a step that does not call ``compute_loss``, as each replica's share of the sum."""
    losses = {name: values.of_this_step(value) for name, value in returned_losses(logs).items()}
    floats = {
        name: tf.cast(tf.convert_to_tensor(value), tf.float32) / replicas() for name, value in losses.items()
    }
    return floats or None


@contextmanager
def _observed_clipping(
    optimizer: Any, pairs: Sequence[tuple[Any, Any]], clipped: dict[int, Any]
) -> Iterator[None]:
    """Collect the clipped gradients of an optimizer that clips, by `id` of their variables."""
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    # Keras has no public API between clipping and update.
    clip = getattr(inner, "_clip_gradients", None)
    if clip is None or not any(getattr(inner, name, None) for name in CLIPPING):
        yield
        return

    @functools.wraps(clip)
    def observed_clip(gradients: Any) -> Any:
        results = clip(gradients)
        variables = [variable for gradient, variable in pairs if gradient is not None]
        if len(variables) == len(results):
            clipped.update(
                {id(variable): result for variable, result in zip(variables, results, strict=True)}
            )
        return results

    with replaced(inner, "_clip_gradients", observed_clip):
        yield


def _optimizers(model: Any) -> list[Any]:
    """The compiled optimizer, and those in the model's attributes, which a custom training step may use."""
    candidates = list(vars(model).values())
    for value in vars(model).values():
        if isinstance(value, Mapping):
            candidates += value.values()
        elif isinstance(value, (list, tuple)):
            candidates += value
    found = [
        model.optimizer,
        *(value for value in candidates if isinstance(value, keras.optimizers.Optimizer)),
    ]
    return list({id(optimizer): optimizer for optimizer in found if optimizer is not None}.values())


def _unscaled(gradient: Any, scale: Any) -> Any:
    if gradient is None or scale is None:
        return gradient
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(_unscaled(gradient.values, scale), gradient.indices, gradient.dense_shape)
    return gradient / tf.cast(tf.convert_to_tensor(scale), gradient.dtype)
