"""A Keras model's training step, with what it computes looked at on the way."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.fit.compiled_loss import compiled_targets
from tb_gradhealth.capture.tensorflow.fit.compiled_step import CompiledStep, Step
from tb_gradhealth.capture.tensorflow.fit.registered_gradients import RegisteredGradients
from tb_gradhealth.capture.tensorflow.fit.returned_loss import BatchValues, batch_values, returned_losses
from tb_gradhealth.capture.tensorflow.observing.replicas import replica, replicas
from tb_gradhealth.capture.tensorflow.recorder import Recorder
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations, capture, replaced
from tb_gradhealth.capture.tensorflow.selecting.inputs import (
    Named,
    named_inputs,
    named_targets,
    told_apart,
)
from tb_gradhealth.capture.tensorflow.selecting.selection import Selection, StepTensors
from tb_gradhealth.capture.tensorflow.selecting.settings import numbers_of_training
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
"""What Keras calls for each of a model's ``losses``, in ``compute_loss``."""


@dataclass
class _Seen:
    """What one replica's step computed so far.

    ``additional`` are the model's ``losses`` while they are added to the compiled one.
    """

    gradients: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    clipped: dict[int, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    loss: Any = None
    targets: Named = field(default_factory=list)
    constant: list[Targets] = field(default_factory=list)
    additional: list[Any] | None = None
    activations: Activations | None = None

    def listen(self, listening: bool) -> None:
        """Whether calls of layers belong to the forward pass now."""
        if self.activations is not None:
            self.activations.listening = listening


class WatchedStep:
    """What has to be wrapped for a recorder to see one model's steps."""

    def __init__(self, model: Any, recorder: Recorder, activations: bool, compiled: bool = False) -> None:
        """Say what to see.

        Args:
            model: in training.
            recorder: what takes in its steps.
            activations: whether layers' outputs are looked at.
            compiled: whether the step, and nothing of the recorder, is compiled by XLA.
        """
        self._model = model
        self._compiled = compiled
        self._recorder = recorder
        self._activations = activations
        self._warned = False
        # By replica: their steps are traced in turns.
        self._seen: dict[int, _Seen] = {}
        self._registered = RegisteredGradients()

    def forget(self) -> None:
        """Let go of the graphs that were traced: nobody will run them any more."""
        self._registered.forget()

    def wrappers(self) -> list[tuple[Any, str, Any]]:
        """What to replace: owner, attribute, wrapper."""
        model = self._model
        wrappers = [
            (model, "train_step", self._train_step(model.train_step)),
            (model, "compute_loss", self._compute_loss(model.compute_loss)),
        ]
        # Keras has no public place for either.
        compiled, add = getattr(model, "_compile_loss", None), getattr(model, ADD, None)
        if compiled is not None and _is_keras_own(model.compute_loss):
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
        """What the step gives, and what is to be observed of it."""
        seen = self._seen[replica()] = _Seen()
        self._registered.of_this_step()
        with ExitStack() as stack:
            # The first replica speaks for all; two captures at once would undo each other.
            captured = self._activations and replica() == 0
            inputs, seen.targets = _inputs_and_targets(args, self._model)
            if captured:
                seen.activations = stack.enter_context(capture(self._model))
                seen.activations.give_data(inputs)
            values = stack.enter_context(batch_values(self._model))
            logs = train_step(*args, **kwargs)
            if seen.loss is None:
                seen.loss = _returned(logs, values)
        trained = list(seen.gradients.values())
        if not trained and not self._warned:
            self._warned = True
            warnings.warn(NO_OPTIMIZER, RuntimeWarning, stacklevel=2)
        clipped = [seen.clipped.get(id(variable)) for _, variable in trained] if seen.clipped else None
        frozen = [(None, variable) for variable in frozen_variables(self._model)]
        del self._seen[replica()]
        if not trained and (seen.activations is None or not seen.activations.calls):
            return logs, None
        tensors = StepTensors(
            [*trained, *frozen],
            weights=[variable for _, variable in trained],
            activations=seen.activations,
            loss=seen.loss,
            clipped=None if clipped is None else [*clipped, *(None for _ in frozen)],
            training=seen.training,
            inputs=None if seen.activations is not None else told_apart(inputs),
            targets=told_apart(seen.targets),
            constant=seen.constant,
        )
        return logs, self._recorder.selected(tensors)

    def _compute_loss(self, compute_loss: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(compute_loss)
        def observed_compute_loss(*args: Any, **kwargs: Any) -> Any:
            begun = self._seen.get(replica())
            if begun is not None:
                begun.additional, begun.constant = [], []
            loss = compute_loss(*args, **kwargs)
            seen = self._seen.get(replica())
            if seen is not None:  # Keras computes a validation's loss by the same method
                seen.loss = loss
                if seen.additional:
                    seen.training["regularization"] = tf.add_n(seen.additional) * replicas()
                seen.additional = None
                given = {**dict(zip(COMPUTE_LOSS, args, strict=False)), **kwargs}
                seen.targets = named_targets(given.get("y")) or seen.targets
                # What is called from now on is `tf.recompute_grad` on its way back.
                seen.listen(False)
            return loss

        return observed_compute_loss

    def _compiled_loss(self, compiled: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def observed_call(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            loss = call(y_true, y_pred, sample_weight)
            seen = self._seen.get(replica())
            if seen is not None and seen.additional is not None:
                seen.constant = compiled_targets(compiled, y_true, y_pred, sample_weight, replicas())
            return loss

        return observed_call

    def _additional_loss(self, add: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(add)
        def observed_add(loss: Any) -> Any:
            added = add(loss)
            seen = self._seen.get(replica())
            if seen is not None and seen.additional is not None:
                seen.additional.append(tf.convert_to_tensor(added))
            return added

        return observed_add

    def _apply(self, optimizer: Any, apply: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(apply)
        def observed_apply(grads: Any, trainable_variables: Any = None) -> Any:
            grads = list(grads)
            variables = list(
                optimizer._trainable_variables if trainable_variables is None else trainable_variables
            )
            seen = self._seen.get(replica())
            if seen is None:
                return apply(grads, trainable_variables)
            scale = getattr(optimizer, "dynamic_scale", None)
            pairs = list(zip(grads, variables, strict=False))
            for gradient, variable in pairs:
                seen.gradients[id(variable)] = (_unscaled(gradient, scale), variable)
            for name, number in numbers_of_training(optimizer).items():
                seen.training.setdefault(name, tf.convert_to_tensor(number))
            with _clipping_seen(optimizer, pairs, seen.clipped):
                return apply(grads, variables) if trainable_variables is not None else apply(grads)

        return observed_apply


def _inputs_and_targets(args: Any, model: Any) -> tuple[Named, Named]:
    """What a step is given, as far as it has the form that Keras gives it: (x, y, weights) or less."""
    try:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(args[0])
    except (IndexError, ValueError):
        return [], []
    return named_inputs(x, model), named_targets(y)


def _is_keras_own(compute_loss: Any) -> bool:
    """Whether the loss is the compiled one and the model's ``losses``, nothing else."""
    own = inspect.unwrap(compute_loss)
    return getattr(own, "__func__", own) is keras.Model.compute_loss


def _returned(logs: Any, values: BatchValues) -> dict[str, Any] | None:
    """The losses of a step that never asked the model for one, as each replica's share of the sum."""
    losses = {name: values.behind(value) for name, value in returned_losses(logs).items()}
    floats = {
        name: tf.cast(tf.convert_to_tensor(value), tf.float32) / replicas() for name, value in losses.items()
    }
    return floats or None


@contextmanager
def _clipping_seen(
    optimizer: Any, pairs: Sequence[tuple[Any, Any]], clipped: dict[int, Any]
) -> Iterator[None]:
    """Note what an optimizer that clips makes of the gradients, by `id` of their variables."""
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    # Keras has no public place between clipping and update.
    clip = getattr(inner, "_clip_gradients", None)
    if clip is None or not any(getattr(inner, name, None) for name in CLIPPING):
        yield
        return

    @functools.wraps(clip)
    def noting_clip(gradients: Any) -> Any:
        results = clip(gradients)
        known = [variable for gradient, variable in pairs if gradient is not None]
        if len(known) == len(results):
            clipped.update({id(variable): result for variable, result in zip(known, results, strict=True)})
        return results

    with replaced(inner, "_clip_gradients", noting_clip):
        yield


def _optimizers(model: Any) -> list[Any]:
    """The optimizer `fit` knows, and those that a model with a training step of its own keeps besides."""
    kept = list(vars(model).values())
    for value in vars(model).values():
        if isinstance(value, Mapping):
            kept += value.values()
        elif isinstance(value, (list, tuple)):
            kept += value
    found = [model.optimizer, *(value for value in kept if isinstance(value, keras.optimizers.Optimizer))]
    return list({id(optimizer): optimizer for optimizer in found if optimizer is not None}.values())


def _unscaled(gradient: Any, scale: Any) -> Any:
    if gradient is None or scale is None:
        return gradient
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(_unscaled(gradient.values, scale), gradient.indices, gradient.dense_shape)
    return gradient / tf.cast(tf.convert_to_tensor(scale), gradient.dtype)
