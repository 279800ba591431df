"""Puts together what the hooks see of a step, and hands it to the observer of its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED, Tracked
from tb_gradhealth.capture.run_recorder import RunRecorder
from tb_gradhealth.capture.torch.measuring.batches import unit_peaks
from tb_gradhealth.capture.torch.measuring.norms import norms, rms
from tb_gradhealth.capture.torch.measuring.operands import flat, is_sparse, operand, summed
from tb_gradhealth.capture.torch.measuring.tensors import measured, sample
from tb_gradhealth.capture.torch.measuring.touched_rows import TouchedRows
from tb_gradhealth.capture.torch.observer import Observer
from tb_gradhealth.capture.torch.observing.backward import Backward
from tb_gradhealth.capture.torch.observing.forward import Attention, Call, Forward
from tb_gradhealth.capture.torch.observing.loss_scale import LossScale
from tb_gradhealth.capture.torch.observing.optimizer_steps import OptimizerSteps
from tb_gradhealth.capture.torch.selecting.flow import places
from tb_gradhealth.capture.torch.selecting.modules import Watched
from tb_gradhealth.capture.torch.selecting.selection import Batch, Key, Shown, select
from tb_gradhealth.capture.torch.selecting.settings import learning_rate
from tb_gradhealth.capture.torch.step import BatchValues, Statistics, Step, scaled, step_values
from tb_gradhealth.capture.updates import Updates, sample_size
from tb_gradhealth.record import Kind


class StepObservation:
    """Observes one step after the other.

    The rows are known at the end of the first step. When a later step shows a tensor for the first time, such
    as the gradient of a parameter that was frozen, there is a new table of rows with a new observer.
    """

    def __init__(
        self,
        recorder: RunRecorder[Observer],
        parameters: Sequence[Watched],
        optimizers: Sequence[Optimizer],
        *,
        updates: Updates | None,
        can_thin: bool,
    ) -> None:
        """Begin before the first step.

        Args:
            recorder: writes the records.
            parameters: all parameters of the model.
            optimizers: the optimizers.
            updates: how updates are measured.
            can_thin: whether some steps need not be watched.
        """
        self._recorder = recorder
        self._parameters = parameters
        self._optimizers = optimizers
        self._updates = updates
        self._can_thin = can_thin
        self._device = parameters[0].parameter.device if parameters else torch.device("cpu")
        self._shown = Shown()
        self._tracked: Tracked[Observer] | None = None
        self._step = Step()
        self._touched = TouchedRows()
        self._skipped_count: torch.Tensor | None = None
        self._is_suspicious = False
        self._is_loss_returned = False
        self._must_place = True
        self._size: tuple[int, ...] = ()

    def connect(
        self,
        backward: Backward,
        optimizer_steps: OptimizerSteps,
        forward: Forward,
        loss_scale: LossScale,
        *,
        activations: bool,
    ) -> None:
        """Set the hooks, and whether modules' outputs are measured."""
        self._backward, self._optimizer_steps = backward, optimizer_steps
        self._forward, self._loss_scale = forward, loss_scale
        self._activations = activations

    @property
    def _observer(self) -> Observer | None:
        return self._tracked.observer if self._tracked is not None else None

    def backward_ended(self) -> None:
        """Measure the gradients and the newest forward pass."""
        step = self._step
        if not step.watched:
            self._mark_touched_rows()
            return
        forward = self._forward.newest
        self._forward.end_pass()
        step.calls, step.inputs = tuple(forward.calls), dict(forward.inputs)
        gradients = self._gradients()
        step.versions.update({index: (id(each), each._version) for index, each in gradients.items()})
        scale = self._loss_scale.scale
        step.scale = None if scale is None else scale.clone()  # the scaler changes it in place
        keys: tuple[Key, ...] = tuple(("gradient", index) for index in gradients)
        found = rms([operand(each) for each in gradients.values()], self._device)
        if step.scale is not None:
            found = found / step.scale.to(self._device, non_blocking=True)
            skipped = torch.isfinite(found).all().logical_not()
            found = torch.where(skipped, 0.0, found)
            step.skipped = skipped if step.skipped is None else step.skipped | skipped
        # Usually there is one pass, or the last one covers all.
        step.gradients = [part for part in step.gradients if not set(part[0]) <= set(keys)]
        step.gradients.append((keys, found))
        step.peaks = [self._peaks(step.calls)]
        for index, gradient in gradients.items():
            if is_sparse(gradient):
                self._touched.add(index, gradient)
        self._note_shown(gradients)
        self._check()
        if step.is_full:
            values = measured(keys, [summed(each) for each in gradients.values()])
            factor = 1.0 if step.scale is None else 1 / float(step.scale)
            step.add_measured("gradient", values if factor == 1 else scaled(values, factor))

    def optimizer_begins(self) -> None:
        """Copy the weights, if their update is to be measured."""
        if self._step.is_full and self._updates != "none":
            self._step.before = {each.index: self._measured_part(each).clone() for each in self._trained()}

    def optimizer_ended(self) -> None:
        """Measure the gradients that the optimizer applied, if they were changed since the backward pass."""
        step = self._step
        if not step.is_full:
            return
        changed = {
            index: gradient
            for index, version in step.versions.items()
            if (gradient := self._parameters[index].parameter.grad) is not None
            and (id(gradient), gradient._version) != version
        }
        if changed and not self._is_fused():
            self._shown.clipped.update(changed)
            step.measure("clipped", {index: summed(each) for index, each in changed.items()})

    def end_step(self, loss: Any, targets: Any) -> bool:
        """Complete the step; return whether it counts as one.

        In a step that is not watched it is called with gradients, and does next to nothing.

        Args:
            loss: as of `Watcher.step`.
            targets: as of `Watcher.step`.
        """
        if self._optimizers and not (self._optimizer_steps.stepped or self._loss_scale.attempted):
            return False
        step = self._step
        self._is_loss_returned = loss is None and self._forward.newest.loss is not None
        given = self._forward.newest.loss if loss is None else loss
        if not step.watched:
            self._end_unwatched(given)
            return True
        with torch.no_grad():
            self._end_watched(step, given, targets)
        return True

    def _end_watched(self, step: Step, loss: Any, targets: Any) -> None:
        """Complete a step that was watched."""
        losses = {name: _floating(each) for name, each in _named("loss", loss, self._device).items()}
        named_targets = _named("target", targets, self._device)
        self._place(list(losses.values()))
        training = self._training_numbers(step)
        self._note_batches(losses, named_targets, training)
        observer = self._observer_of_rows()
        weights = {each.index: operand(each.parameter) for each in self._trained()}
        statistics = self._statistics(observer, weights, losses)
        kinds: tuple[Kind, ...] = ("weight", "loss")
        for kind in kinds:
            observer.check(kind, statistics[kind])
        self._trip(observer)
        if step.is_full:
            self._measure_the_end(step, weights, losses)
        observer.add(statistics)
        if step.is_full and step.measured:
            search = step.tripped or self._is_suspicious
            values = BatchValues(named_targets, training, self._columns(observer, step), search)
            slot = SCHEDULED if observer.is_scheduled(observer.step_count) else TRIPPED
            observer.add_record(slot, step_values(step, values, observer.selection))
            self._is_suspicious = slot == TRIPPED
            observer.flight_recorder.reset()
        assert self._tracked is not None
        self._recorder.step_observed(self._tracked, traced=False)

    def begin_step(self) -> None:
        """Decide how closely the next step is looked at."""
        self._optimizer_steps.begin_step()
        self._loss_scale.begin_step()
        self._forward.end_step()
        observer = self._observer
        if observer is None:
            self._backward.listen()
            return
        number = observer.step_count + 1
        scheduled = observer.is_scheduled(number)
        has_tripped = observer.flight_recorder.has_tripped
        tripped = has_tripped and not observer.pending[TRIPPED] and not scheduled
        self._is_suspicious |= has_tripped
        if not (observer.is_watched(number) or tripped):
            self._begin_unwatched(observer)
            return
        self._step = Step(scheduled=scheduled, tripped=tripped)
        self._backward.listen()
        self._optimizer_steps.is_watched = True
        units = self._activations and scheduled and observer.units.is_full
        self._forward.attend(
            Attention(
                outputs=self._activations,
                full=scheduled or tripped,
                search=self._is_suspicious and (scheduled or tripped),
                units={str(name) for _, name in observer.with_units} if units else (),
                place=self._must_place,
                rows=len(observer.selection.of_kind("activation")) + len(self._shown.inputs),
            )
        )

    def _begin_unwatched(self, observer: Observer) -> None:
        """Remove the hooks for the next step, but those of embeddings' sparse gradients."""
        if self._step.watched:
            self._step = Step(watched=False, scheduled=False)
            self._optimizer_steps.is_watched = False
            self._backward.listen(observer.selection.sparse)
        if self._forward.attention.watch or self._forward.attention.loss != self._is_loss_returned:
            self._forward.attend(Attention(watch=False, loss=self._is_loss_returned))

    def _end_unwatched(self, loss: Any) -> None:
        """Count a step that was not watched; a loss that is not finite trips."""
        observer = self._observer
        assert observer is not None
        assert self._tracked is not None
        for each in loss.values() if isinstance(loss, Mapping) else (loss,):
            if each is not None:
                observer.flight_recorder.check_finite(_as_tensor(each, self._device).detach())
        observer.add(None)
        self._recorder.step_observed(self._tracked, traced=False)

    def _mark_touched_rows(self) -> None:
        """Mark the rows of embeddings that the sparse gradients have."""
        for index, is_sparse_one in self._shown.gradients.items():
            gradient = self._parameters[index].parameter.grad
            if is_sparse_one and gradient is not None and is_sparse(gradient):
                self._touched.add(index, gradient)

    def _gradients(self) -> dict[int, torch.Tensor]:
        """The gradients by index, without those that an optimizer has applied: they belong to its step.

        A later backward pass may reach them too, as that of a generator's loss reaches the critic.
        """
        applied = {
            id(parameter)
            for optimizer in self._optimizer_steps.finished
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        return {
            each.index: each.parameter.grad
            for each in self._parameters
            if each.parameter.grad is not None and id(each.parameter) not in applied
        }

    def _trained(self) -> list[Watched]:
        return [
            each
            for each in self._parameters
            if each.parameter.requires_grad or each.index in self._shown.trained
        ]

    def _measured_part(self, each: Watched) -> torch.Tensor:
        values = operand(each.parameter)
        elements = sample_size(each.elements, self._updates)
        return sample(flat(values), elements) if elements else values

    def _is_fused(self) -> bool:
        """Whether an optimizer divides the gradients by the loss scale in its step."""
        return any(getattr(each, "grad_scale", None) is not None for each in self._optimizers)

    def _note_shown(self, gradients: Mapping[int, torch.Tensor]) -> None:
        """Note the trained parameters and the gradients; a new one is measured in full."""
        shown = self._shown
        trained = {each.index for each in self._parameters if each.parameter.requires_grad}
        if not (trained <= shown.trained and gradients.keys() <= shown.gradients.keys()):
            shown.trained |= trained
            for index, gradient in gradients.items():
                shown.gradients.setdefault(index, is_sparse(gradient))
            self._step.tripped |= not self._step.scheduled

    def _check(self) -> None:
        """Measure the step in full if one of its statistics is a spike or not finite."""
        observer = self._observer
        if observer is None:
            return
        observer.check("gradient", observer.vector("gradient", *self._step.gradients))
        observer.check("activation", observer.vector("activation", *self._step.peaks))
        self._trip(observer)

    def _trip(self, observer: Observer) -> None:
        if observer.flight_recorder.has_tripped and not self._step.is_full and not observer.pending[TRIPPED]:
            self._step.tripped = True

    def _peaks(self, calls: Sequence[Call]) -> Statistics:
        """The largest |x| of each output; the peaks of units are added to their window."""
        observer = self._observer
        functions = observer.selection.functions if observer is not None else {}
        sizes = observer.unit_sizes if observer is not None else {}
        units: dict[Key, torch.Tensor] = {}
        operands: dict[Key, torch.Tensor] = {}
        for call in calls:
            key: Key = ("activation", call.name)
            values = operands[key] = call.samples
            if key in sizes and values.numel() and values.shape[-1] == sizes[key]:
                units[key] = unit_peaks(values, values.dim() - 1)
            elif call.name in functions:
                operands[key] = functions[call.name](values)
        if units and observer is not None:
            parts = [
                units[key].to(self._device, torch.float32, non_blocking=True)
                if key in units
                else torch.zeros([size], device=self._device)
                for key, size in sizes.items()
            ]
            # A ReLU does not change which element is the largest.
            together = torch.cat(parts).clamp_min_(0)
            observer.units.add(together)
            peaks = dict(zip(sizes, torch.split_with_sizes(together, list(sizes.values())), strict=True))
            operands.update({key: peaks[key] for key in units})
        return tuple(operands), norms(list(operands.values()), float("inf"), self._device)

    def _place(self, losses: Sequence[torch.Tensor]) -> None:
        """Find the places of the outputs in the network, in the first step that shows them."""
        forward, shown = self._forward.newest, self._shown
        fresh = [call for call in self._step.calls if call.name not in shown.activations]
        if not fresh:
            self._must_place = False
            return
        if not self._must_place:
            self._must_place = True  # in the next step
            return
        self._must_place = False
        for call in self._step.calls:
            activation = call.layer.activation if call.layer.kind == "leaf" else ""
            batch = Batch(call.layer.name, call.shape, call.dtype, activation)
            shown.activations.setdefault(call.name, batch)
        shown.places.update(places(forward.outputs, losses))
        shown.returned |= forward.returned
        shown.categories |= forward.categories

    def _training_numbers(self, step: Step) -> dict[str, float | torch.Tensor]:
        numbers: dict[str, float | torch.Tensor] = {}
        rate = learning_rate(self._optimizers)
        if rate is not None:
            numbers["learning_rate"] = rate
        if step.scale is not None and step.skipped is not None:
            if self._skipped_count is None:
                self._skipped_count = torch.zeros([], device=self._device)
            self._skipped_count += step.skipped
            numbers["loss_scale"] = step.scale
            numbers["skipped_steps"] = self._skipped_count
        return numbers

    def _note_batches(
        self,
        losses: Mapping[str, torch.Tensor],
        targets: Mapping[str, torch.Tensor],
        training: Mapping[str, Any],
    ) -> None:
        shown = self._shown
        for name, tensor in self._step.inputs.items():
            shown.inputs.setdefault(name, _batch(name, tensor))
        for name, tensor in targets.items():
            shown.targets.setdefault(name, _batch(name, tensor))
        shown.losses.update(dict.fromkeys(losses))
        shown.training.update(dict.fromkeys(training))

    def _observer_of_rows(self) -> Observer:
        """The observer of all rows that were shown so far."""
        if self._tracked is None or self._size != self._shown.size:
            self._size = self._shown.size
            selection = select(self._shown, self._parameters, self._updates, bool(self._optimizers))
            counts_skipped = "skipped_steps" in self._shown.training
            observer = Observer(
                selection, self._recorder.every, self._can_thin and not counts_skipped, self._device
            )
            settings = {"loss_scale": True} if counts_skipped else {}
            self._tracked = self._recorder.track(observer, observer, settings)
        return self._tracked.observer

    def _statistics(
        self, observer: Observer, weights: Mapping[int, torch.Tensor], losses: Mapping[str, torch.Tensor]
    ) -> dict[Kind, torch.Tensor]:
        """The step statistics by kind, in the order of the rows."""
        weight_keys: tuple[Key, ...] = tuple(("weight", index) for index in weights)
        loss_keys: tuple[Key, ...] = tuple(("loss", name) for name in losses)
        found = rms([*weights.values(), *losses.values()], self._device)
        return {
            "gradient": observer.vector("gradient", *self._step.gradients),
            "weight": observer.vector("weight", (weight_keys, found[: len(weights)])),
            "loss": observer.vector("loss", (loss_keys, found[len(weights) :])),
            "activation": observer.vector("activation", *self._step.peaks),
        }

    def _measure_the_end(
        self, step: Step, weights: Mapping[int, torch.Tensor], losses: Mapping[str, torch.Tensor]
    ) -> None:
        """Measure everything that is known at the end of a step only."""
        if "gradient" not in step.measured:  # the trip was found after the backward pass
            unchanged = {
                index: summed(gradient)
                for index, version in step.versions.items()
                if (gradient := self._parameters[index].parameter.grad) is not None
                and (id(gradient), gradient._version) == version
                and step.scale is None
            }
            step.measure("gradient", unchanged)
        step.measure("weight", weights)
        step.measure("loss", losses)
        if step.before:
            differences = {
                each.index: _difference(self._measured_part(each), step.before[each.index])
                for each in self._trained()
                if each.index in step.before
            }
            step.measure("update", differences)
            step.updates_known = True

    def _columns(self, observer: Observer, step: Step) -> dict[str, tuple[Sequence[Key], Any]]:
        """The columns of units and of embeddings' rows."""
        columns: dict[str, tuple[Sequence[Key], Any]] = {}
        if observer.with_units and step.scheduled:
            by_name = {call.name: call.searched for call in step.calls}
            searched = [by_name.get(str(name)) for _, name in observer.with_units]
            known = [each.clamp_min(0) for each in searched if each is not None]
            together = None
            if len(known) == len(searched):
                together = torch.cat([each.to(self._device) for each in known])
            found = observer.units.columns(together)
            columns["dead_fraction"] = observer.with_units, found[:, 0]
            columns["window"] = observer.with_units, found[:, 1]
        rows = observer.selection.index
        sparse = [index for index in observer.selection.sparse if ("gradient", index) in rows]
        if sparse:
            shares = [self._touched.untouched(index) for index in sparse]
            columns["untouched_fraction"] = [("gradient", index) for index in sparse], shares
        return columns


def _difference(after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """The difference, of half-precision numbers in float32."""
    if after.dtype in (torch.float16, torch.bfloat16):
        return after.float() - before.float()
    return after - before


def _named(name: str, values: Any, device: torch.device) -> dict[str, torch.Tensor]:
    """Tensors by name, from a tensor, a number, or several by name."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        values = {name: values}
    return {str(key): _as_tensor(value, device) for key, value in values.items() if value is not None}


def _as_tensor(value: Any, device: torch.device) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, (int, float)):
        return torch.full([], float(value), device=device)
    return torch.as_tensor(value)


def _floating(loss: torch.Tensor) -> torch.Tensor:
    return loss if loss.is_floating_point() else loss.to(torch.float32)


def _batch(name: str, tensor: torch.Tensor) -> Batch:
    shape = (-1, *tensor.shape[1:]) if tensor.dim() else ()
    return Batch(name, tuple(shape), str(tensor.dtype).removeprefix("torch."))
