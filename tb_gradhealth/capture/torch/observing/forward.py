"""Observes the forward passes of a model: the first samples of its modules' outputs, in the order of calls.

Nothing is kept of an output but a copy of its first samples, so that its memory is freed as usual and an
operation in place does not change what is measured.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import torch
from torch import nn

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP, elements_of_batch
from tb_gradhealth.capture.torch.measuring.batches import first_samples, unit_peaks
from tb_gradhealth.capture.torch.measuring.operands import operand
from tb_gradhealth.capture.torch.measuring.tensors import extremes
from tb_gradhealth.capture.torch.selecting.flow import Output
from tb_gradhealth.capture.torch.selecting.modules import (
    EMBEDDINGS,
    Layer,
    first_tensor,
    layers,
    unit_axis,
)
from tb_gradhealth.capture.unique_names import UniqueNames


@dataclass(frozen=True)
class Call:
    """One call of a module.

    Attributes:
        name: unique among the calls of a step: a module called twice gives ``"linear"`` and ``"linear_2"``.
        layer: the module.
        samples: a copy of the first samples of its output, with the units along the last axis.
        shape: of the output, in the same order of axes, with -1 for the samples.
        dtype: of the output.
        searched: the largest output of each unit in the whole batch; None if it was not searched.
        extremes: the columns `moments.EXTREMES` over the whole batch; None if it was not searched.
    """

    name: str
    layer: Layer
    samples: torch.Tensor
    shape: tuple[int, ...]
    dtype: str
    searched: torch.Tensor | None = None
    extremes: Floats | None = None


@dataclass
class ForwardPass:
    """What is known of the newest forward pass.

    Attributes:
        calls: the calls of modules, in order.
        inputs: the model's inputs by name; they are the training's own tensors.
        categories: names of inputs that are indices of an embedding's rows.
        outputs: the same calls in the graph of the gradients, if they are to be placed.
        returned: names of the calls whose output the model returns.
        loss: a scalar in what the model returns, such as ``outputs.loss``.
    """

    calls: list[Call] = field(default_factory=list)
    inputs: dict[str, torch.Tensor] = field(default_factory=dict)
    categories: set[str] = field(default_factory=set)
    outputs: list[Output] = field(default_factory=list)
    returned: set[str] = field(default_factory=set)
    loss: torch.Tensor | None = None


@dataclass
class Attention:
    """How closely the next forward pass is looked at; the watcher sets it.

    Attributes:
        watch: whether it is observed at all.
        outputs: whether the modules' outputs are.
        loss: whether a loss that the model returns is looked for, also in a pass that is not observed.
        full: whether the step has a record.
        search: whether the whole batch is searched for extreme values.
        units: names of the calls whose whole batch is searched for silent units.
        place: whether the outputs are placed in the graph of the gradients.
        rows: number of batches in a record.
    """

    watch: bool = True
    outputs: bool = True
    loss: bool = True
    full: bool = True
    search: bool = False
    units: Collection[str] = ()
    place: bool = True
    rows: int = 0


class Forward:
    """The hooks of a model's modules.

    Attributes:
        newest: the newest forward pass; several passes without a backward pass between them count as one.
    """

    def __init__(self, model: nn.Module, guard: Callable[..., Any]) -> None:
        """Register the hooks.

        Args:
            model: the user's model.
            guard: makes a function that never raises.
        """
        self.newest = ForwardPass()
        self._model = model
        # Whether the passes that are trained are those of the mode `train`; None before the first.
        self._trains_in: bool | None = None
        self._mode = model.training
        self._ended = False
        self._names = UniqueNames()
        self._sources: dict[int, tuple[ref[torch.Tensor], tuple[str, ...], int | None]] = {}
        called = guard(self._called)
        # The model comes first.
        self._hooks = [Hook(self, layer.module, functools.partial(called, layer)) for layer in layers(model)]
        self._begin = Hook(self, model, guard(self._begins))
        self._handles: dict[Hook, Any] = {}
        self._hooked = 0
        self.attend(Attention())

    @property
    def attention(self) -> Attention:
        """How closely the next calls are looked at."""
        return self._attention

    def attend(self, attention: Attention) -> None:
        """Set how closely the next calls are looked at.

        Modules whose calls are not looked at have no hook, since PyTorch takes time for it.
        """
        self._attention = attention
        self._reset()
        if attention.watch and attention.outputs:
            count = len(self._hooks)
        else:
            count = int(attention.watch or attention.loss)
        if count != self._hooked:
            self._hooked = count
            self._hook({self._begin, *self._hooks[:count]} if count else set())

    def _hook(self, wanted: Collection["Hook"]) -> None:
        """Register these hooks and remove the others.

        A hook inside a compiled graph stays: nothing of it runs, and without it the graph would be compiled
        again.
        """
        for hook in [each for each in self._handles if each.is_called and each not in wanted]:
            self._handles.pop(hook).remove()
        for hook in wanted:
            if hook in self._handles:
                continue
            if hook is self._begin:
                register: Any = functools.partial(hook.module.register_forward_pre_hook, prepend=True)
            else:
                register = hook.module.register_forward_hook
            self._handles[hook] = register(hook, with_kwargs=True)

    def end_step(self) -> None:
        """Release the tensors of the step."""
        if self._handles:
            self._reset()

    def end_pass(self) -> None:
        """The backward pass has ended: the next call begins a new forward pass."""
        self._ended = True
        if self._trains_in is None:
            self._trains_in = self._mode

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles.values():
            handle.remove()
        self._handles.clear()
        self._reset()

    def _reset(self) -> None:
        self.newest = ForwardPass()
        self._names = UniqueNames()
        self._sources.clear()
        self._ended = False

    def is_training_pass(self) -> bool:
        """Whether a pass is one whose gradients are computed, and not a repeated one or a validation."""
        return (
            torch.is_grad_enabled()
            and torch._C._current_graph_task_id() == -1
            and self._trains_in in (None, self._model.training)
        )

    def _begins(self, args: Any, kwargs: Any) -> None:
        """Add the model's inputs."""
        if self._ended or self._mode != self._model.training:
            self._reset()
        self._mode = self._model.training
        if not self.attention.watch:
            return
        unique = UniqueNames(self.newest.inputs)
        tensors = [(("input",), each) for each in _tensors(args)]
        tensors += [((name,), each) for name, value in kwargs.items() for each in _tensors(value)]
        single = len(tensors) == 1
        for (name,), tensor in tensors:
            if not _is_measurable(tensor):
                continue
            own = unique("input" if single else name)
            self.newest.inputs[own] = tensor
            self._note(tensor, (own,), None)

    def _called(self, layer: Layer, args: Any, kwargs: Any, output: Any) -> None:
        """Add a call."""
        if self._ended and layer.kind != "pass_through":
            self._reset()  # a module is called without its model
        if layer.module is self._model:
            self.newest.loss = _scalar(output)
        if not (self.attention.watch and self.attention.outputs):
            return
        tensor = first_tensor(output)
        arguments = [*_tensors(args), *_tensors(kwargs)]
        if tensor is None or not _is_measurable(tensor):
            return
        sources = [found for each in arguments if (found := self._found(each)) is not None]
        if isinstance(layer.module, EMBEDDINGS):
            self.newest.categories.update(name for names, _ in sources for name in names)
        own = self._found(tensor)
        if layer.kind == "pass_through":
            names = tuple(name for found, _ in sources for name in found)
            axis = next((axis for _, axis in sources), None)
            if own is None:
                self._note(tensor, names, axis)
                self._place("", layer, tensor, arguments)
        elif own is not None and layer.kind == "composite":
            pass  # the output of an inner module, unchanged
        else:
            self._add(layer, tensor, arguments, sources)
        if layer.module is self._model:
            found = self._found(tensor)
            self.newest.returned.update(found[0] if found is not None else ())

    def _add(
        self,
        layer: Layer,
        tensor: torch.Tensor,
        arguments: Sequence[torch.Tensor],
        sources: Sequence[tuple[tuple[str, ...], int | None]],
    ) -> None:
        name = self._names(layer.name)
        values = operand(tensor)
        inherited = next((axis for _, axis in sources if axis is not None), None)
        axis = unit_axis(layer.module, values.dim(), inherited)
        look = self.attention
        elements = elements_of_batch(look.rows) if look.full else ELEMENTS_EVERY_STEP
        samples = first_samples(values, elements, axis).clone().movedim(axis, -1)
        shape = list(values.shape)
        shape[0] = -1
        shape.append(shape.pop(axis) if len(shape) > 1 else -1)
        is_searched = look.full and name in look.units and values.numel() and values.dim() > 1
        self.newest.calls.append(
            Call(
                name,
                layer,
                samples,
                tuple(shape) if values.dim() > 1 else (-1,),
                str(tensor.dtype).removeprefix("torch."),
                unit_peaks(values, axis).float() if is_searched else None,
                extremes(values) if look.search and values.numel() else None,
            )
        )
        self._note(tensor, (name,), axis)
        self._place(name, layer, tensor, arguments)

    def _place(
        self, name: str, layer: Layer, tensor: torch.Tensor, arguments: Sequence[torch.Tensor]
    ) -> None:
        if not self.attention.place:
            return
        data = [self._found(each) for each in arguments if each.grad_fn is None]
        names = tuple(each for found in data if found is not None for each in found[0])
        nodes = [] if layer.kind == "composite" else [each.grad_fn for each in arguments]
        if layer.kind == "composite" and tensor.grad_fn is not None:
            # Its inputs are what the operations after its last inner module use.
            nodes, names = [used for used, _ in tensor.grad_fn.next_functions], ()
        is_activation = bool(layer.activation) and layer.kind == "leaf"
        self.newest.outputs.append(Output(name, tensor.grad_fn, nodes, names, is_activation))

    def _note(self, tensor: torch.Tensor, names: tuple[str, ...], axis: int | None) -> None:
        self._sources[id(tensor)] = ref(tensor), names, axis

    def _found(self, tensor: torch.Tensor) -> tuple[tuple[str, ...], int | None] | None:
        """The names of the outputs that a tensor is, and its axis of units; None for another tensor."""
        kept = self._sources.get(id(tensor))
        return (kept[1], kept[2]) if kept is not None and kept[0]() is tensor else None


class Hook:
    """The hook of a module. A copy or a saved one does nothing, so that models can be copied and saved.

    Attributes:
        module: the module.
        is_called: whether it was ever called, outside of a compiled graph.
    """

    def __init__(self, forward: Forward, module: nn.Module, called: Callable[..., None]) -> None:
        self.module, self.is_called = module, False
        self._forward, self._called = forward, called

    def __call__(self, module: nn.Module, *arguments: Any) -> None:
        """Pass on a call in a forward pass of the training; in a compiled graph there is nothing of ours."""
        if torch.compiler.is_compiling():
            return
        self.is_called = True
        if module is self.module and self._forward.is_training_pass():
            self._called(*arguments)

    def __reduce__(self) -> Any:
        return NoHook, ()


class NoHook:
    """A hook that does nothing."""

    def __call__(self, module: nn.Module, *arguments: Any) -> None:
        """Do nothing."""


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in nested sequences and mappings."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors(each)


def _is_measurable(tensor: torch.Tensor) -> bool:
    """Whether a tensor is neither sparse nor nested, nor the argument of a function that is transformed."""
    is_wrapped: bool = torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    return tensor.layout is torch.strided and not tensor.is_nested and not is_wrapped


def _scalar(outputs: Any) -> torch.Tensor | None:
    """The loss in a model's outputs: the entry ``loss`` of a mapping, else none."""
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else None
    return loss if isinstance(loss, torch.Tensor) and not loss.dim() else None
