"""`capture`: collects the outputs of the layers of a Keras model while they are called."""

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
    LayerInfo,
    Structure,
    composite_layers,
    describe,
    leaf_layers,
)
from tb_gradhealth.capture.unique_names import UniqueNames

NO_INPUTS: Final = ("training", "mask")
"""Arguments of a model's call that are not inputs."""

SCRATCH: Final = "scratch_graph"
"""Prefix of the names of the graphs in which Keras builds layers."""

INNER_GRAPH: Final = "computed inside a loop, condition or function"

PASS_THROUGH: Final = (
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
"""Layers that are not captured: they compute nothing, but forward, repeat, drop or select their inputs."""


@dataclass(frozen=True)
class Call:
    """One output of one call of a layer.

    Attributes:
        name: unique among the calls: a layer called twice gives ``"dense"`` and ``"dense_2"``.
        layer: the layer.
        tensor: the output, or None if it cannot be measured.
        reason: the reason for that, else ``""``.
        origin: what it was computed from.
    """

    name: str
    layer: LayerInfo
    tensor: Any
    reason: str = ""
    origin: Origin = UNKNOWN


@dataclass
class Activations:
    """The result of `capture`, in the order of the calls; pass it to `summary` or `Recorder.observe`.

    Calls count only while ``in_forward_pass``. ``dtype_policy`` is the name of the model's policy, "" for
    none. ``inputs`` has the model's inputs by name, and ``categories`` the names of those that are indices of
    an embedding's rows. ``reserved`` has the names of activations, which inputs may not have.
    """

    structure: Structure = field(default_factory=Structure)
    dtype_policy: str = ""
    calls: list[Call] = field(default_factory=list)
    in_forward_pass: bool = True
    inputs: dict[str, Any] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    flow: Flow = field(default_factory=Flow)
    _names: UniqueNames = field(default_factory=UniqueNames)
    _inputs_are_data: bool = False

    def add(self, layer: LayerInfo, output: Any, reason: str, origin: Origin) -> None:
        """Add an output of a call."""
        name = self._names(layer.name)
        self.flow.set_origin(output, Origin((name,)))
        self.calls.append(Call(name, layer, None if reason else output, reason, origin))

    def set_data(self, data: Named) -> None:
        """Assume that the data are the model's inputs, until the model is called with other tensors."""
        self._add_inputs(data)
        self._inputs_are_data = True

    def add_inputs(self, inputs: Named) -> None:
        """Add inputs of a call of the model."""
        fresh = [(name, tensor) for name, tensor in inputs if not self.flow.has_origin(tensor)]
        fed = {name for call in self.calls for name in call.origin.names}
        if fresh and self._inputs_are_data and not fed & set(self.inputs):
            # The step computes the inputs from the data, as by shuffling, scaling or augmentation.
            for tensor in self.inputs.values():
                self.flow.remove(tensor)
            self.inputs.clear()
        self._inputs_are_data = self._inputs_are_data and not inputs
        self._add_inputs(fresh)

    def _add_inputs(self, inputs: Named) -> None:
        unique = UniqueNames(self.reserved | set(self.inputs))
        for name, tensor in inputs:
            own = unique(name)
            self.inputs[own] = tensor
            self.flow.set_origin(tensor, Origin((own,)))


@contextmanager
def capture(model: Any) -> Iterator[Activations]:
    """Collect the outputs of the model's layers while the block runs.

    Every layer that is called is captured, at every depth of nested models; a recurrent layer counts as one.
    A layer that calls others, or the model itself, is captured if its output is not that of an inner layer,
    since it ends in other operations, such as an addition. Not captured are layers that only forward their
    inputs (`PASS_THROUGH`) and functions that are no layers, such as `tf.nn.relu` inside a `call`. A tensor
    inside a loop, a condition or another `tf.function` cannot leave it and is recorded as not measured. The
    origin of each output is recorded too: completely in a `tf.function`, in an eager loop as far as layers
    receive the outputs of other layers unchanged.

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
            info = activations.structure.layers[identity]
            if isinstance(layer, PASS_THROUGH):
                observer: _CallObserver = _PassThrough(activations, graph)
            else:
                activations.reserved.add(info.name)
                if identity in leaves:
                    observer = _Leaf(activations, graph, info, layer)
                else:
                    observer = _Composite(activations, graph, info)
            call = observer.wrap(layer.call)
            if layer is model:
                call = _with_inputs(call, model, activations, graph)
            wrapped.enter_context(replaced(layer, "call", call))
        yield activations


NO_ATTRIBUTE: Final = object()


class _AttributeValues(list[Any]):
    """The values of a replaced attribute, the original one first."""


_replaced: Final[WeakValueDictionary[tuple[int, str], _AttributeValues]] = WeakValueDictionary()
"""By `id` of the owner and name of the attribute, while it is replaced."""


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute of one object while the block runs, then restore it exactly.

    Keras tracks assignments to a layer's attributes, so the assignment bypasses Keras. Several replacements
    of the same attribute may end in any order. A value that other code assigns in the meantime stays.
    """
    values = _replaced.setdefault((id(owner), name), _AttributeValues([vars(owner).get(name, NO_ATTRIBUTE)]))
    values.append(value)
    object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        is_ours = vars(owner).get(name) is values[-1]
        values.remove(value)
        if is_ours and values[-1] is NO_ATTRIBUTE:
            object.__delattr__(owner, name)
        elif is_ours:
            object.__setattr__(owner, name, values[-1])


@dataclass
class _CallObserver:
    """Observes the calls of one layer.

    Attributes:
        activations: collects the outputs.
        graph: the graph in which the outputs are used, None in eager mode.
    """

    activations: Activations
    graph: Any

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the layer's ``call``."""

        @functools.wraps(call)
        def observed_call(*args: Any, **kwargs: Any) -> Any:
            origin = self.origin([args, kwargs])
            outputs = call(*args, **kwargs)
            if self.activations.in_forward_pass:
                for output in tensors_in(outputs):
                    if not self._is_for_building(output):
                        self.add(output, origin)
            return outputs

        return observed_call

    def origin(self, arguments: Any) -> Origin:
        """The origin of the layer's arguments."""
        return self.activations.flow.origin(tensors_in(arguments))

    def add(self, output: Any, origin: Origin) -> None:
        """Add one output; ``origin`` is that of the layer's arguments."""

    def _is_for_building(self, output: Any) -> bool:
        """Whether Keras calls the layer without data, to infer its shapes."""
        graph = _graph_of(output)
        return graph is not None and (self.graph is None or graph.name.startswith(SCRATCH))

    def reason(self, output: Any) -> str:
        """The reason why an output cannot be measured, ``""`` if it can."""
        if not isinstance(output, tf.Tensor):
            return f"a {type(output).__name__} is not measured"
        return "" if _graph_of(output) in (self.graph, None) else INNER_GRAPH


class _PassThrough(_CallObserver):
    """A layer whose outputs have the origin of its inputs."""

    def add(self, output: Any, origin: Origin) -> None:
        self.activations.flow.set_origin(output, origin)


@dataclass
class _Leaf(_CallObserver):
    """A layer without inner layers: each of its outputs is a row."""

    info: LayerInfo
    layer: Any

    def origin(self, arguments: Any) -> Origin:
        origin = super().origin(arguments)
        if isinstance(self.layer, keras.layers.Embedding):
            self.activations.categories.update(origin.names)
        return origin

    def add(self, output: Any, origin: Origin) -> None:
        if output.dtype.is_floating:
            self.activations.add(self.info, output, self.reason(output), origin)
        else:
            self.activations.flow.set_origin(output, origin)


@dataclass
class _Composite(_CallObserver):
    """A layer that calls others: its output is a row unless it consists of unchanged values of other rows."""

    info: LayerInfo

    def origin(self, arguments: Any) -> Origin:
        return Origin()

    def add(self, output: Any, origin: Origin) -> None:
        flow = self.activations.flow
        if not output.dtype.is_floating or flow.has_origin(output):
            return
        origin = flow.origin([output])
        if origin.between or not origin.names:
            self.activations.add(self.info, output, self.reason(output), origin)


def _with_inputs(call: Callable[..., Any], model: Any, activations: Activations, graph: Any) -> Any:
    """Wrap a model's ``call``: add its inputs, and begin the forward pass."""

    @functools.wraps(call)
    def observed_call(*args: Any, **kwargs: Any) -> Any:
        activations.in_forward_pass = True
        arguments = {name: value for name, value in kwargs.items() if name not in NO_INPUTS}
        first, others = (args[0], args[1:]) if args else (None, ())
        named = named_inputs([first, *others, arguments] if others or arguments else first, model)
        activations.add_inputs([(name, each) for name, each in named if _graph_of(each) in (graph, None)])
        return call(*args, **kwargs)

    return observed_call


def _graph_of(tensor: Any) -> Any:
    """The graph of a symbolic tensor; None for an eager tensor and for a composite one."""
    if not isinstance(tensor, tf.Tensor) or isinstance(tensor, tf.__internal__.EagerTensor):
        return None
    return tensor.graph
