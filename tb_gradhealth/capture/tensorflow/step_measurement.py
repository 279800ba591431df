"""What of a step is measured, and what of that goes to the host, where the record's statistics are computed.

In the graph a record is a handful of operations: small tensors are copied, large ones reduced and sampled,
of layers' outputs the first samples are copied. To compute all statistics there took up to five times as long
to trace, optimize and compile.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.statistics.magnitudes import SAMPLE
from tb_gradhealth.capture.statistics.moments import MOMENTS
from tb_gradhealth.capture.statistics.step_values import Pack, Reduced, StepValues
from tb_gradhealth.capture.tensorflow.graph import is_compiled, shared_function
from tb_gradhealth.capture.tensorflow.measuring.moments import measure
from tb_gradhealth.capture.tensorflow.measuring.operands import operand, zero_fraction
from tb_gradhealth.capture.tensorflow.measuring.outputs import Outputs
from tb_gradhealth.capture.tensorflow.measuring.packs import Split, Tensors
from tb_gradhealth.capture.tensorflow.measuring.sampling import sample
from tb_gradhealth.capture.tensorflow.measuring.touched_rows import TouchedRows
from tb_gradhealth.capture.tensorflow.measuring.weight_snapshot import WeightSnapshot
from tb_gradhealth.capture.tensorflow.observing.step_numbers import StepNumbers
from tb_gradhealth.capture.tensorflow.selecting.selection import BATCHES, Selection
from tb_gradhealth.record.activation_functions import RELU_LIKE, unit_count

WATCHED: Final = ("gradient", "weight", "activation", "loss")
"""Kinds of rows that are looked at in every step."""

WEIGHTS: Final = 1
"""Of the parts of `StepMeasurement.tensors`, that of the weights."""

FLAGS: Final = 2
"""Numbers that say whether the weights before are known, and whether the step was skipped."""


class StepMeasurement:
    """What there is to measure in one set of tensors.

    Attributes:
        outputs: layers' outputs, inputs and targets.
        sparse: the rows that are sparse gradients.
        touched: which rows of embeddings were touched.
        step_numbers: what looks at gradients, losses, weights and activations in every step.
        has_updates: whether there are any weights to compare with them.
    """

    def __init__(self, selection: Selection) -> None:
        rows = selection.rows
        present = [index for index, value in enumerate(selection.values) if value is not None]
        of_kind = {
            kind: [i for i in present if rows[i].kind == kind] for kind in ("clipped", "update", "training")
        }
        watched = [index for index in present if rows[index].kind in WATCHED]
        self.sparse = [i for i in watched if isinstance(selection.values[i], tf.IndexedSlices)]
        activations = [index for index in watched if rows[index].kind == "activation"]
        gradients = [index for index in watched if rows[index].kind == "gradient"]
        self._spread = gradients if selection.spread is not None else []
        with_units = [index for index in watched if unit_count(rows[index], RELU_LIKE)]
        batches = [index for index in present if rows[index].kind in BATCHES]
        ranks = [selection.values[index].shape.rank for index in batches]
        self.outputs = Outputs(rows, batches, ranks, with_units)
        self._features = selection.features
        self._training = of_kind["training"]
        # Apart: a step knows its gradients before its weights, and nothing is to wait.
        weights = [index for index in watched if rows[index].kind == "weight"]
        apart = {*weights, *activations}
        others = [index for index in watched if index not in apart]
        self._splits = [Split(rows, selection.values, group) for group in (others, weights)]
        self._clipped = Split(rows, selection.values, of_kind["clipped"])
        self._all_splits = [*self._splits, self._clipped]
        updates = {rows[index].tensor: index for index in of_kind["update"]}
        self.has_updates = bool(updates)
        self._snapshot = None
        if updates:
            of_updates = self._splits[WEIGHTS].of_rows({i: updates[rows[i].tensor] for i in weights})
            self._all_splits.append(of_updates)
            self._snapshot = WeightSnapshot(rows, of_updates)
        self._single = [index for split in self._all_splits for index in split.single]
        self._padded = [i for i in self._single if isinstance(selection.values[i], tf.IndexedSlices)]
        self.touched = TouchedRows([rows[index].shape[0] for index in self.sparse])
        by_rms = [index for split in self._splits for index in split.order]
        self.step_numbers = StepNumbers(rows, by_rms, activations, with_units)
        # XLA wants to know all sizes: there, what varies is filled up to what it may be at most, by part.
        self._room: dict[str, int] = {}

    def tensors(self, present: Mapping[int, Any]) -> list[Tensors]:
        """The step's gradients and losses, and its weights, laid out to be looked at and measured."""
        return [split.tensors(present) for split in self._splits]

    def keep(self, tensors: Sequence[Tensors]) -> bool:
        """Keep the weights: the next step measures how they changed."""
        return self._snapshot is not None and self._snapshot.keep(tensors[WEIGHTS])

    def values(
        self,
        present: Mapping[int, Any],
        tensors: Sequence[Tensors],
        known: Any,
        skipped: Any,
        spread: Any,
        outputs: tuple[Any, Any],
    ) -> tuple[Any, Any]:
        """What `unpack` makes `StepValues` of: numbers, float32 [n], and sizes, int32 [m].

        Args:
            present: the step's tensors by row.
            tensors: gradients, losses and weights of them, see `tensors`.
            known: whether the weights of an earlier step are known, bool scalar.
            skipped: whether a loss scaler skipped the step, bool scalar or None.
            spread: how far replicas differ in each measured gradient, float32 [gradients], or None.
            outputs: the numbers and sizes of `outputs`.
        """
        parts = [*tensors, self._clipped.tensors(present)]
        if self._snapshot is not None:
            parts.append(self._snapshot.updates(tensors[WEIGHTS]))
        flags = tf.stack([known, tf.constant(False) if skipped is None else skipped])
        numbers = [tf.cast(flags, tf.float32), *(part.pack for part in parts if part.packing)]
        sizes = []
        operands = [operand(tensor) for part in parts for tensor in part.single]
        if operands:
            samples = [shared_function(sample, [x.values], SAMPLE) for x in operands]
            numbers.append(tf.reshape(measure(operands), [-1]))
            numbers += [tf.stack([zero_fraction(x)]) for x in operands if x.padding is not None]
            numbers += [self.filled(f"sample {i}", values, SAMPLE) for i, values in enumerate(samples)]
            sizes.append(tf.stack([tf.size(values) for values in samples]))
        if self.sparse:
            numbers.append(self.touched.untouched())
        if self._spread:
            numbers.append(spread)
        if self._training:
            numbers.append(tf.stack([tf.cast(present[index], tf.float32) for index in self._training]))
        return tf.concat([*numbers, outputs[0]], 0), tf.concat([*sizes, outputs[1]], 0)

    def filled(self, part: str, flat: Any, most: int) -> Any:
        """A vector whose size is known where a compiler wants to know it, filled up with zeros."""
        if not is_compiled():
            return flat
        room = self._room.setdefault(part, flat.shape[0] or most)
        flat = flat[:room]
        filled = tf.pad(flat, [[0, room - tf.size(flat)]])
        filled.set_shape([room])
        return filled

    def unpack(
        self, numbers: npt.NDArray[np.float32], sizes: npt.NDArray[np.int32], compiled: Any
    ) -> StepValues:
        """What the host makes of `values`; ``compiled`` says whether a compiled step gave them."""
        room = self._room if compiled else {}
        take, take_sizes = _Reader(numbers), _Reader(sizes)
        known, skipped = take(FLAGS)
        packs = [
            Pack(split.packed, split.packing.sizes, take(sum(split.packing.sizes)))
            for split in self._all_splits
            if split.packing
        ]
        single = len(self._single)
        moments = take(single * len(MOMENTS)).reshape(single, len(MOMENTS))
        zeros = {index: float(take(1)[0]) for index in self._padded}
        samples = []
        for number, size in enumerate(take_sizes(single)):
            samples.append(take(room.get(f"sample {number}", size))[:size])
        columns: dict[str, tuple[Sequence[int], Any]] = {}
        if self.sparse:
            columns["untouched_fraction"] = self.sparse, take(len(self.sparse))
        if self._spread:
            columns["replica_spread"] = self._spread, take(len(self._spread))
        training = dict(zip(self._training, take(len(self._training)), strict=True))
        units, batches, searched = self.outputs.unpack(take, take_sizes, room)
        return StepValues(
            packs=packs,
            reduced=Reduced(self._single, moments, samples, zeros),
            batches=batches,
            batch_extremes=searched,
            features=self._features,
            training=training,
            columns={**columns, **units},
            updates_known=bool(known),
            skipped=bool(skipped),
        )


class _Reader:
    """Takes a vector apart from its beginning."""

    def __init__(self, values: Any) -> None:
        self._values, self._begin = values, 0

    def __call__(self, size: int) -> Any:
        self._begin += size
        return self._values[self._begin - size : self._begin]
