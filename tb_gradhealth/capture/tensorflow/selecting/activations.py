"""`capture`: what the layers of a Keras model put out while they are called."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakValueDictionary

import keras
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.flow import UNKNOWN, Flow, Origin, tensors_in
from tb_gradhealth.capture.tensorflow.selecting.inputs import Named, named_inputs
from tb_gradhealth.capture.tensorflow.selecting.structure import (
    LayerPlace,
    Structure,
    UniqueNames,
    composite_layers,
    describe,
    leaf_layers,
)

NO_INPUTS: Final = ("training", "mask")
"""Arguments of a model's call that are none of its inputs."""

SCRATCH: Final = "scratch_graph"
"""How Keras names the graphs in which it builds layers."""

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
        origin: what it was computed from.
    """

    name: str
    place: LayerPlace
    tensor: Any
    reason: str = ""
    origin: Origin = UNKNOWN


@dataclass
class Activations:
    """What `capture` saw, in the order of the calls; hand it to `summary` or `Recorder.observe`.

    While it is not ``listening``, calls are let pass. ``dtype_policy`` is the name of the model's, "" where
    it has none. ``inputs`` is what the model was given, by name, and ``categories`` names those that are
    numbers of an embedding's rows. None of them has one of the ``reserved`` names, which are those of
    activations.
    """

    structure: Structure = field(default_factory=Structure)
    dtype_policy: str = ""
    calls: list[Call] = field(default_factory=list)
    listening: bool = True
    inputs: dict[str, Any] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    flow: Flow = field(default_factory=Flow)
    _names: UniqueNames = field(default_factory=UniqueNames)
    _data: bool = False

    def add(self, place: LayerPlace, output: Any, reason: str, origin: Origin) -> None:
        """Note an output of a call."""
        name = self._names(place.name)
        self.flow.note(output, Origin((name,)))
        self.calls.append(Call(name, place, None if reason else output, reason, origin))

    def give_data(self, data: Named) -> None:
        """Take the data for the model's inputs, until it is seen being given something else."""
        self._give(data)
        self._data = True

    def give(self, inputs: Named) -> None:
        """Note what the model is given."""
        fresh = [(name, tensor) for name, tensor in inputs if not self.flow.knows(tensor)]
        fed = {name for call in self.calls for name in call.origin.names}
        if fresh and self._data and not fed & set(self.inputs):
            # Made of the data by the step itself, which shuffles, scales or augments it.
            for tensor in self.inputs.values():
                self.flow.forget(tensor)
            self.inputs.clear()
        self._data = self._data and not inputs
        self._give(fresh)

    def _give(self, inputs: Named) -> None:
        unique = UniqueNames(self.reserved | set(self.inputs))
        for name, tensor in inputs:
            own = unique(name)
            self.inputs[own] = tensor
            self.flow.note(tensor, Origin((own,)))


@contextmanager
def capture(model: Any) -> Iterator[Activations]:
    """Collect the outputs of the model's layers while the block runs.

    Every layer that is called is captured, at every depth of nested models; a recurrent layer counts as one.
    A layer that calls others, the model among them, is captured where its output is not that of a layer in
    it: one that ends in operations of its own, such as an addition. Not captured are layers that only pass on
    what came in (`PASSING_ON`) and functions that are no layers, such as `tf.nn.relu` inside a `call`. A
    tensor made inside a loop, a condition or another `tf.function` cannot leave it and is noted as not
    measured. What each output was computed from is noted too: in a `tf.function` all of it, in an eager loop
    as far as layers hand on their outputs as they are.

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
    leaves = {id(layer): layer for layer in leaf_layers(model)}
    layers = {**leaves, **{id(layer): layer for layer in composite_layers(model)}, id(model): model}
    with ExitStack() as wrapped:
        for identity, layer in layers.items():
            place = activations.structure.places[identity]
            if isinstance(layer, PASSING_ON):
                watch: _Watch = _PassingOn(activations, graph)
            else:
                activations.reserved.add(place.name)
                if identity in leaves:
                    watch = _Leaf(activations, graph, place, layer)
                else:
                    watch = _Composite(activations, graph, place)
            call = watch.around(layer.call)
            if layer is model:
                call = _giving(call, model, activations, graph)
            wrapped.enter_context(replaced(layer, "call", call))
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


@dataclass
class _Watch:
    """Looks on while one layer is called.

    Attributes:
        activations: where what is seen goes.
        graph: the one the outputs are to be used in, None for none.
    """

    activations: Activations
    graph: Any

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The layer's ``call``, watched."""

        @functools.wraps(call)
        def noting_call(*args: Any, **kwargs: Any) -> Any:
            origin = self.origin([args, kwargs])
            outputs = call(*args, **kwargs)
            if self.activations.listening:
                for output in tensors_in(outputs):
                    if not self._is_for_building(output):
                        self.note(output, origin)
            return outputs

        return noting_call

    def origin(self, given: Any) -> Origin:
        """Of what the layer is called with."""
        return self.activations.flow.origin(tensors_in(given))

    def note(self, output: Any, origin: Origin) -> None:
        """Take in one output, given the origin of what the layer was called with."""

    def _is_for_building(self, output: Any) -> bool:
        """Whether Keras calls the layer without data, to learn its shapes."""
        graph = _graph_of(output)
        return graph is not None and (self.graph is None or graph.name.startswith(SCRATCH))

    def reason(self, output: Any) -> str:
        """Why an output cannot be measured, ``""`` where it can."""
        if not isinstance(output, tf.Tensor):
            return f"a {type(output).__name__} is not measured"
        return "" if _graph_of(output) in (self.graph, None) else INNER_GRAPH


class _PassingOn(_Watch):
    """What comes out of the layer is what came in."""

    def note(self, output: Any, origin: Origin) -> None:
        self.activations.flow.note(output, origin)


@dataclass
class _Leaf(_Watch):
    """A layer that holds no other ones: each of its outputs is a row."""

    place: LayerPlace
    layer: Any

    def origin(self, given: Any) -> Origin:
        origin = super().origin(given)
        if isinstance(self.layer, keras.layers.Embedding):
            self.activations.categories.update(origin.names)
        return origin

    def note(self, output: Any, origin: Origin) -> None:
        if output.dtype.is_floating:
            self.activations.add(self.place, output, self.reason(output), origin)
        else:
            self.activations.flow.note(output, origin)


@dataclass
class _Composite(_Watch):
    """A layer that calls others: its output is a row unless it is made up of rows' values as they are."""

    place: LayerPlace

    def origin(self, given: Any) -> Origin:
        return Origin()

    def note(self, output: Any, origin: Origin) -> None:
        flow = self.activations.flow
        if not output.dtype.is_floating or flow.knows(output):
            return
        origin = flow.origin([output])
        if origin.between or not origin.names:
            self.activations.add(self.place, output, self.reason(output), origin)


def _giving(call: Callable[..., Any], model: Any, activations: Activations, graph: Any) -> Any:
    """A model's ``call`` that tells what it is given; what is called inside is its forward pass."""

    @functools.wraps(call)
    def giving_call(*args: Any, **kwargs: Any) -> Any:
        activations.listening = True
        given = {name: value for name, value in kwargs.items() if name not in NO_INPUTS}
        first, others = (args[0], args[1:]) if args else (None, ())
        named = named_inputs([first, *others, given] if others or given else first, model)
        activations.give([(name, each) for name, each in named if _graph_of(each) in (graph, None)])
        return call(*args, **kwargs)

    return giving_call


def _graph_of(tensor: Any) -> Any:
    """The graph a symbolic tensor belongs to, None for an eager one and for one made up of several."""
    if not isinstance(tensor, tf.Tensor) or isinstance(tensor, tf.__internal__.EagerTensor):
        return None
    return tensor.graph
