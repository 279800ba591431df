"""One step of a training: what was observed of it, and what was measured if it has a record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tb_gradhealth.capture.statistics.batch_sizes import elements_of_batch
from tb_gradhealth.capture.statistics.moments import MOMENTS
from tb_gradhealth.capture.statistics.step_values import Pack, Reduced, StepValues
from tb_gradhealth.capture.torch.measuring.batches import first_samples
from tb_gradhealth.capture.torch.measuring.operands import operand
from tb_gradhealth.capture.torch.measuring.tensors import MeasuredTensors, extremes, measured, on_host
from tb_gradhealth.capture.torch.observing.forward import Call
from tb_gradhealth.capture.torch.selecting.selection import Key, Selection
from tb_gradhealth.record import Kind

Statistics = tuple[tuple[Key, ...], torch.Tensor]
"""Step statistics: the keys of the rows, and their numbers, float32 [rows] on the device."""


@dataclass
class Step:
    """A step that is being observed.

    Attributes:
        watched: whether it is observed at all.
        scheduled: whether it has a record of the cadence.
        tripped: whether it has a record because one of its values, or of a step before, is a spike or not
            finite.
        gradients: step statistics of the gradients at the end of each backward pass, of a tensor in several
            passes the last ones count.
        peaks: step statistics of the activations in the last forward pass, if there was one.
        calls: calls of modules in the last forward pass.
        inputs: the model's inputs.
        versions: of each gradient at the end of the backward pass, its identity and version.
        skipped: whether a loss scaler skips the step, bool scalar on the device; None without one.
        scale: the loss scale, on the device; None without one.
        before: parameters before the optimizer's step, by index: all elements or a sample.
        measured: what was measured so far, if the step has a record.
        updates_known: whether the updates are measured.
    """

    watched: bool = True
    scheduled: bool = True
    tripped: bool = False
    gradients: list[Statistics] = field(default_factory=list)
    peaks: list[Statistics] = field(default_factory=list)
    calls: Sequence[Call] = ()
    inputs: Mapping[str, torch.Tensor] = field(default_factory=dict)
    versions: dict[int, tuple[int, int]] = field(default_factory=dict)
    skipped: torch.Tensor | None = None
    scale: torch.Tensor | None = None
    before: dict[int, torch.Tensor] = field(default_factory=dict)
    measured: dict[str, MeasuredTensors] = field(default_factory=dict)
    updates_known: bool = False

    @property
    def is_full(self) -> bool:
        """Whether the step has a record."""
        return self.scheduled or self.tripped

    def measure(self, kind: Kind, tensors: Mapping[Any, torch.Tensor]) -> None:
        """Measure all statistics of tensors of a kind; they replace earlier ones of the same tensors."""
        self.add_measured(kind, measured([(kind, name) for name in tensors], list(tensors.values())))

    def add_measured(self, kind: Kind, found: MeasuredTensors) -> None:
        """Add what was measured of tensors of a kind."""
        before = self.measured.get(kind)
        self.measured[kind] = found if before is None else joined(before, found)


@dataclass(frozen=True)
class BatchValues:
    """The batches of a step with a record, and its numbers, before they are assigned to rows.

    Attributes:
        targets: the targets by name.
        training: the training's own numbers by name.
        columns: further columns: keys and values, by name of the column.
        search: whether all samples of inputs and targets are searched for extremes.
    """

    targets: Mapping[str, torch.Tensor]
    training: Mapping[str, float | torch.Tensor]
    columns: Mapping[str, tuple[Sequence[Key], Any]]
    search: bool


def step_values(step: Step, batches: BatchValues, selection: Selection) -> StepValues:
    """The values of a step for the statistics; the host waits for them."""
    index = selection.index
    packs = [
        pack
        for kinds in (("gradient", "weight", "loss"), ("clipped", "update"))
        if (pack := _pack([step.measured[kind] for kind in kinds if kind in step.measured], selection))
    ]
    data: dict[Key, torch.Tensor] = {("input", name): each for name, each in step.inputs.items()}
    data.update({("target", name): each for name, each in batches.targets.items()})
    known = {key: each for key, each in data.items() if key in index}
    calls = {index[key]: call for call in step.calls if (key := _key(call)) in index}
    rows = len(known) + len(calls)
    samples = {
        index[key]: _first(each, elements_of_batch(rows)) for key, each in known.items() if each.numel()
    }
    samples.update({row: _result(call, selection) for row, call in calls.items() if call.samples.numel()})
    searched = {
        index[key]: extremes(_floats(each)) for key, each in known.items() if batches.search and each.numel()
    }
    searched.update({row: call.extremes for row, call in calls.items() if call.extremes is not None})
    arrays = on_host(list(samples.values()))
    training = {
        index["training", name]: float(value)
        for name, value in batches.training.items()
        if ("training", name) in index
    }
    return StepValues(
        packs=packs,
        reduced=_reduced(step.measured.values(), selection),
        batches={
            row: array.reshape(each.shape) for (row, each), array in zip(samples.items(), arrays, strict=True)
        },
        batch_extremes=searched,
        features=selection.features,
        training=training,
        columns={
            name: ([index[key] for key in keys], np.asarray(values, np.float32))
            for name, (keys, values) in batches.columns.items()
        },
        updates_known=step.updates_known,
        skipped=step.skipped is not None and bool(step.skipped),
    )


def joined(before: MeasuredTensors, after: MeasuredTensors) -> MeasuredTensors:
    """The values of all tensors of both, of those in both the values after."""
    small = {
        key: values for each in (before, after) for key, values in zip(each.keys, each.packed, strict=True)
    }
    large = {
        key: (moments, sample)
        for each in (before, after)
        for key, moments, sample in zip(each.large_keys, each.moments, each.samples, strict=True)
    }
    moments = np.array([moments for moments, _ in large.values()], np.float32).reshape(-1, len(MOMENTS))
    samples = [sample for _, sample in large.values()]
    return MeasuredTensors(list(small), list(small.values()), list(large), moments, samples)


def scaled(tensors: MeasuredTensors, factor: float) -> MeasuredTensors:
    """The values of tensors times a factor."""
    moments = tensors.moments.copy()
    moments[:, :4] *= factor
    return MeasuredTensors(
        tensors.keys,
        [values * np.float32(factor) for values in tensors.packed],
        tensors.large_keys,
        moments,
        [values * np.float32(factor) for values in tensors.samples],
    )


def _key(call: Call) -> Key:
    return "activation", call.name


def _result(call: Call, selection: Selection) -> torch.Tensor:
    """The samples of a call, after the function that is applied to it outside of modules."""
    function = selection.functions.get(call.name)
    return call.samples if function is None else function(call.samples)


def _floats(values: torch.Tensor) -> torch.Tensor:
    values = operand(values)
    return values if values.is_floating_point() else values.to(torch.float32)


def _first(values: torch.Tensor, max_elements: int) -> torch.Tensor:
    return first_samples(_floats(values), max_elements, values.dim() - 1)


def _pack(parts: Sequence[MeasuredTensors], selection: Selection) -> Pack | None:
    found = [
        (selection.index[key], values)
        for part in parts
        for key, values in zip(part.keys, part.packed, strict=True)
        if key in selection.index
    ]
    if not found:
        return None
    values = [each for _, each in found]
    return Pack([row for row, _ in found], [each.size for each in values], np.concatenate(values))


def _reduced(parts: Iterable[MeasuredTensors], selection: Selection) -> Reduced:
    found = [
        (selection.index[key], moments, sample)
        for part in parts
        for key, moments, sample in zip(part.large_keys, part.moments, part.samples, strict=True)
        if key in selection.index
    ]
    if not found:
        return Reduced([], np.zeros([0, len(MOMENTS)], np.float32), [], {})
    rows, moments, samples = zip(*found, strict=True)
    return Reduced(rows, np.stack(moments), samples, {})
