"""`capture`: what the layers of a Keras model put out while they are called."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakValueDictionary

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.network.structure import (
    LayerPlace,
    Structure,
    UniqueNames,
    describe,
    leaf_layers,
)

INNER_GRAPH: Final = "computed inside a loop, condition or function"

PASSING_ON: Final = (
    keras.layers.InputLayer,
    keras.layers.Identity,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.ActivityRegularization,
    keras.layers.Masking,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Permute,
    keras.layers.RepeatVector,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
    keras.layers.UpSampling1D,
    keras.layers.UpSampling2D,
    keras.layers.UpSampling3D,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
)
"""Layers that are not captured: they compute nothing, they pass on, repeat, drop or pick what came in."""


@dataclass(frozen=True)
class Call:
    """One output of one call of a layer.

    Attributes:
        name: unique among the calls: a layer called twice gives ``"dense"`` and ``"dense_2"``.
        place: the layer.
        tensor: the output, or None where it cannot be measured.
        reason: why it cannot, ``""`` where it can.
    """

    name: str
    place: LayerPlace
    tensor: Any
    reason: str = ""


@dataclass
class Activations:
    """What `capture` saw, in the order of the calls; hand it to `summary` or `Recorder.observe`.

    While it is not ``listening``, calls are let pass. ``dtype_policy`` is the name of the model's, "" where
    it has none.
    """

    structure: Structure = field(default_factory=Structure)
    dtype_policy: str = ""
    calls: list[Call] = field(default_factory=list)
    listening: bool = True
    _names: UniqueNames = field(default_factory=UniqueNames)

    def add(self, place: LayerPlace, outputs: Any, graph: Any) -> None:
        """Note the float tensors among a call's outputs; ``graph`` is the one they are to be used in."""
        if not self.listening:
            return
        for output in _leaves(outputs):
            if not tf.is_tensor(output) or not output.dtype.is_floating:
                continue
            if not isinstance(output, tf.Tensor):
                reason = f"a {type(output).__name__} is not measured"
            elif _graph_of(output) in (graph, None):
                reason = ""
            elif graph is None:
                continue  # Keras builds a layer by calling it once without data
            else:
                reason = INNER_GRAPH
            self.calls.append(Call(self._names(place.name), place, None if reason else output, reason))


@contextmanager
def capture(model: Any) -> Iterator[Activations]:
    """Collect the outputs of the model's layers while the block runs.

    Every layer that holds no other layer is captured, at every depth of nested models; a recurrent layer
    counts as one. Not captured are layers that only pass on what came in (`PASSING_ON`) and functions
    that are no layers, such as `tf.nn.relu` inside a `call`. A tensor made inside a
    loop, a condition or another `tf.function` cannot leave it and is noted as not measured.

    Example::

        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = loss_fn(y, model(x, training=True))

    Args:
        model: a `keras.Model` or layer, built or not.

    Raises:
        TypeError: it is something else.
    """
    if not hasattr(model, "_flatten_layers"):
        raise TypeError(
            f"capture follows a Keras model or layer, not a {type(model).__name__}: hand over the outputs "
            'you have by name instead, activations={"dense": tensor}'
        )
    activations = Activations(describe(model), getattr(getattr(model, "dtype_policy", None), "name", ""))
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    with ExitStack() as wrapped:
        for layer in leaf_layers(model):
            place = activations.structure.places[id(layer)]
            if not isinstance(layer, PASSING_ON):
                wrapped.enter_context(replaced(layer, "call", _noting(layer.call, place, activations, graph)))
        yield activations


NO_ATTRIBUTE: Final = object()


class _Held(list[Any]):
    """What an attribute held, from the beginning to now."""


_held: Final[WeakValueDictionary[tuple[int, str], _Held]] = WeakValueDictionary()
"""By `id` and attribute, for as long as it is replaced."""


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give one object an attribute of its own for a while, leaving it exactly as it was.

    Keras tracks what is assigned to a layer, so the assignment goes around it. Of several who replace the
    same attribute any may end first. What somebody else has assigned since then stays.
    """
    held = _held.setdefault((id(owner), name), _Held([vars(owner).get(name, NO_ATTRIBUTE)]))
    held.append(value)
    object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        is_ours = vars(owner).get(name) is held[-1]
        held.remove(value)
        if is_ours and held[-1] is NO_ATTRIBUTE:
            object.__delattr__(owner, name)
        elif is_ours:
            object.__setattr__(owner, name, held[-1])


def _noting(call: Callable[..., Any], place: LayerPlace, activations: Activations, graph: Any) -> Any:
    @functools.wraps(call)
    def noting_call(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        activations.add(place, outputs, graph)
        return outputs

    return noting_call


def _leaves(outputs: Any) -> Iterator[Any]:
    # Flattened by TensorFlow or Keras a mapping's keys have to be such as can be sorted.
    if isinstance(outputs, Mapping):
        outputs = list(outputs.values())
    if isinstance(outputs, (list, tuple)):
        for output in outputs:
            yield from _leaves(output)
    else:
        yield outputs


def _graph_of(tensor: Any) -> Any:
    """The graph a symbolic tensor belongs to, None for an eager one."""
    return None if isinstance(tensor, tf.__internal__.EagerTensor) else tensor.graph
