"""Measures a step in the graph, and packs the result as a payload for the host.

In the graph a record takes few operations: small tensors are copied, large ones are reduced and sampled, and
the first samples of layers' outputs are copied. The host computes the statistics. Computing all of them in
the graph took up to five times as long to trace, optimize and compile.
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
from tb_gradhealth.capture.tensorflow.observing.step_statistics import StepStatistics
from tb_gradhealth.capture.tensorflow.selecting.selection import BATCHES, Selection
from tb_gradhealth.record.activation_functions import RELU_LIKE, unit_count

WATCHED: Final = ("gradient", "weight", "activation", "loss")
"""Kinds of rows that have step statistics."""

WEIGHTS: Final = 1
"""Index of the weights in `StepMeasurement.tensors`."""

FLAGS: Final = 2
"""Floats at the begin of a payload: whether the previous weights are known, whether the step was skipped."""


class StepMeasurement:
    """Measures one set of tensors.

    Attributes:
        outputs: measures layers' outputs, inputs and targets.
        sparse: indices of the rows that are sparse gradients.
        touched: the touched rows of embeddings.
        step_statistics: computes the step statistics.
        has_updates: whether any row is an update.
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
        # Gradients are available before the new weights, so the two are packed separately.
        weights = [index for index in watched if rows[index].kind == "weight"]
        separate = {*weights, *activations}
        others = [index for index in watched if index not in separate]
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
        self._sparse_single = [i for i in self._single if isinstance(selection.values[i], tf.IndexedSlices)]
        self.touched = TouchedRows([rows[index].shape[0] for index in self.sparse])
        by_rms = [index for split in self._splits for index in split.order]
        self.step_statistics = StepStatistics(rows, by_rms, activations, with_units)
        # XLA requires static sizes: vectors of varying size are padded to their largest size, by name.
        self._padded_sizes: dict[str, int] = {}

    def tensors(self, present: Mapping[int, Any]) -> list[Tensors]:
        """The step's gradients and losses, and its weights, ready to be measured."""
        return [split.tensors(present) for split in self._splits]

    def keep_weights(self, tensors: Sequence[Tensors]) -> bool:
        """Copy the weights, so that a later step can measure their update."""
        return self._snapshot is not None and self._snapshot.keep(tensors[WEIGHTS])

    def payload(
        self,
        present: Mapping[int, Any],
        tensors: Sequence[Tensors],
        has_snapshot: Any,
        skipped: Any,
        spread: Any,
        outputs: tuple[Any, Any],
    ) -> Any:
        """A vector, float32 [n], from which `unpack` makes `StepValues`; it begins with the bits of sizes.

        Args:
            present: the step's tensors by row.
            tensors: the gradients, losses and weights, see `tensors`.
            has_snapshot: whether the weights before the update are known, bool scalar.
            skipped: whether a loss scaler skipped the step, bool scalar or None.
            spread: the replicas' spread of each measured gradient, float32 [gradients], or None.
            outputs: floats and sizes from `outputs`.
        """
        parts = [*tensors, self._clipped.tensors(present)]
        if self._snapshot is not None:
            parts.append(self._snapshot.updates(tensors[WEIGHTS]))
        flags = tf.stack([has_snapshot, tf.constant(False) if skipped is None else skipped])
        floats = [tf.cast(flags, tf.float32), *(part.pack for part in parts if part.packing)]
        sizes = []
        operands = [operand(tensor) for part in parts for tensor in part.single]
        if operands:
            samples = [shared_function(sample, [x.values], SAMPLE) for x in operands]
            floats.append(tf.reshape(measure(operands), [-1]))
            floats += [tf.stack([zero_fraction(x)]) for x in operands if x.padding is not None]
            floats += [self.padded(f"sample {i}", values, SAMPLE) for i, values in enumerate(samples)]
            sizes.append(tf.stack([tf.size(values) for values in samples]))
        if self.sparse:
            floats.append(self.touched.untouched())
        if self._spread:
            floats.append(spread)
        if self._training:
            floats.append(tf.stack([tf.cast(present[index], tf.float32) for index in self._training]))
        all_sizes = tf.bitcast(tf.concat([*sizes, outputs[1]], 0), tf.float32)
        return tf.concat([all_sizes, *floats, outputs[0]], 0)

    def padded(self, name: str, flat: Any, max_elements: int) -> Any:
        """A vector, padded with zeros to its largest size where XLA requires a static one."""
        if not is_compiled():
            return flat
        size = self._padded_sizes.setdefault(name, flat.shape[0] or max_elements)
        flat = flat[:size]
        padded = tf.pad(flat, [[0, size - tf.size(flat)]])
        padded.set_shape([size])
        return padded

    def unpack(self, payload: npt.NDArray[np.float32], compiled: Any) -> StepValues:
        """Unpack a payload on the host; ``compiled`` is whether a step compiled by XLA made it."""
        padded_sizes = self._padded_sizes if compiled else {}
        take = _Reader(payload)
        take_sizes = _Reader(take(len(self._single) + self.outputs.sizes).view(np.int32))
        updates_known, skipped = take(FLAGS)
        packs = [
            Pack(split.packed, split.packing.sizes, take(sum(split.packing.sizes)))
            for split in self._all_splits
            if split.packing
        ]
        single = len(self._single)
        moments = take(single * len(MOMENTS)).reshape(single, len(MOMENTS))
        zeros = {index: float(take(1)[0]) for index in self._sparse_single}
        samples = []
        for number, size in enumerate(take_sizes(single)):
            samples.append(take(padded_sizes.get(f"sample {number}", size))[:size])
        columns: dict[str, tuple[Sequence[int], Any]] = {}
        if self.sparse:
            columns["untouched_fraction"] = self.sparse, take(len(self.sparse))
        if self._spread:
            columns["replica_spread"] = self._spread, take(len(self._spread))
        training = dict(zip(self._training, take(len(self._training)), strict=True))
        units, batches, searched = self.outputs.unpack(take, take_sizes, padded_sizes)
        return StepValues(
            packs=packs,
            reduced=Reduced(self._single, moments, samples, zeros),
            batches=batches,
            batch_extremes=searched,
            features=self._features,
            training=training,
            columns={**columns, **units},
            updates_known=bool(updates_known),
            skipped=bool(skipped),
        )


class _Reader:
    """Reads consecutive parts of a vector."""

    def __init__(self, values: Any) -> None:
        self._values, self._begin = values, 0

    def __call__(self, size: int) -> Any:
        self._begin += size
        return self._values[self._begin - size : self._begin]
