"""A full record, computed inside the step: the columns of every row, put together from what measures them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.before import Before
from tb_gradhealth.capture.tensorflow.measuring.features import features
from tb_gradhealth.capture.tensorflow.measuring.operands import MEASURED_OF, as_float32
from tb_gradhealth.capture.tensorflow.measuring.outputs import OF_UNITS, output
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.measuring.shared import shared
from tb_gradhealth.capture.tensorflow.measuring.statistics import MEASURED
from tb_gradhealth.capture.tensorflow.measuring.tensors import Split, Tensors, Together
from tb_gradhealth.capture.tensorflow.measuring.touched import Touched
from tb_gradhealth.capture.tensorflow.measuring.units import Units
from tb_gradhealth.capture.tensorflow.network.selection import BATCHES, Selection
from tb_gradhealth.capture.tensorflow.network.structure import RELU_LIKE, SATURATING
from tb_gradhealth.capture.tensorflow.watching.sentinel import Sentinel
from tb_gradhealth.capture.tensorflow.watching.sticky import Facts
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import FEATURES, MAGNITUDES

WATCHED: Final = ("gradient", "weight", "activation", "loss")
"""Kinds of rows that are looked at in every step."""

WEIGHTS: Final = 1
"""Of the parts of `Sheet.tensors`, that of the weights."""

Block = tuple[Sequence[int], Any]
"""Some rows, and their numbers in that order, float32 [len(rows), columns]."""


class Sheet:
    """What there is to measure in one set of tensors.

    Attributes:
        watched: the rows that are looked at in every step.
        with_units: those of them whose units are watched for being silent.
        sparse: those of them that are sparse gradients.
        units: which units were silent.
        touched: which rows of embeddings were touched.
        sentinel: what looks at them in every step.
        has_updates: whether there are any weights to compare with them.
    """

    def __init__(self, selection: Selection) -> None:
        rows = self._rows = selection.rows
        present = [index for index, value in enumerate(selection.values) if value is not None]
        of_kind = {
            kind: [i for i in present if rows[i].kind == kind] for kind in ("clipped", "update", "training")
        }
        self.watched = [index for index in present if rows[index].kind in WATCHED]
        self.with_units = [index for index in self.watched if unit_count(rows[index], RELU_LIKE)]
        self.sparse = [i for i in self.watched if isinstance(selection.values[i], tf.IndexedSlices)]
        self._activations = [index for index in self.watched if rows[index].kind == "activation"]
        # Measured alike: on the batch's first samples.
        self._batches = [index for index in present if rows[index].kind in BATCHES]
        self._have_units = np.array(
            [
                [unit_count(rows[index], functions) > 0 for functions in OF_UNITS.values()]
                for index in self._batches
            ]
        )
        self._features = [index for index in selection.features if index in self._batches]
        self._training = of_kind["training"]
        # Apart: a step knows its gradients before its weights, and nothing is to wait.
        weights = [index for index in self.watched if rows[index].kind == "weight"]
        apart = {*weights, *self._activations}
        others = [index for index in self.watched if index not in apart]
        self._splits = [Split(rows, selection.values, group) for group in (others, weights)]
        self._clipped = Split(rows, selection.values, of_kind["clipped"])
        updates = {rows[index].tensor: index for index in of_kind["update"]}
        self.has_updates = bool(updates)
        self._before = None
        splits = [*self._splits, self._clipped]
        if updates:
            splits.append(self._splits[WEIGHTS].of_rows({i: updates[rows[i].tensor] for i in weights}))
            self._before = Before(rows, splits[-1])
        self._measured_together = Together(splits)
        self._is_update = np.array([rows[i].kind == "update" for i in self._measured_together.order])
        self.units = Units([rows[index].shape[-1] for index in self.with_units])
        self.touched = Touched([rows[index].shape[0] for index in self.sparse])
        by_rms = [index for split in self._splits for index in split.order]
        self.sentinel = Sentinel(rows, by_rms, self._activations, self.with_units)

    def tensors(self, present: Mapping[int, Any]) -> list[Tensors]:
        """The step's gradients and losses, and its weights, laid out to be looked at and measured."""
        return [split.tensors(present) for split in self._splits]

    def keep(self, tensors: Sequence[Tensors]) -> bool:
        """Keep the weights: the next step measures how they changed."""
        return self._before is not None and self._before.keep(tensors[WEIGHTS])

    def matrix(
        self,
        present: Mapping[int, Any],
        tensors: Sequence[Tensors],
        facts: Facts,
        known: Any,
        spread: Any,
        suspicious: Any,
    ) -> Any:
        """All columns of all rows, float32 [rows, columns]; NaN for what is not measured.

        Args:
            present: the step's tensors by row.
            tensors: gradients, losses and weights of them, see `tensors`.
            facts: what happened since the record before.
            known: whether the weights of an earlier step are known, bool scalar.
            spread: how far replicas differ in each measured gradient, float32 [gradients], or None.
            suspicious: whether something is wrong with the step, bool scalar: then every sample's
                activations are searched.
        """
        columns = self._measured(present, tensors, known, suspicious)
        if self.with_units:
            silent = self.units.columns([present[index] for index in self.with_units])
            columns["dead_fraction"], columns["window"] = self._columns([(self.with_units, silent)], 2)
        columns.update(self._feature_columns(present))
        if self.watched:
            columns.update(facts.columns(self._rows, columns))
        if self.sparse:
            untouched = self.touched.untouched()[:, None]
            (columns["untouched_fraction"],) = self._columns([(self.sparse, untouched)], 1)
        if spread is not None:
            gradients = [index for index in self.watched if self._rows[index].kind == "gradient"]
            (columns["replica_spread"],) = self._columns([(gradients, spread[:, None])], 1)
        nothing = tf.fill([len(self._rows)], float("nan"))
        return tf.stack([columns.get(name, nothing) for name in COLUMNS], axis=1)

    def _measured(
        self, present: Mapping[int, Any], tensors: Sequence[Tensors], known: Any, suspicious: Any
    ) -> dict[str, Any]:
        """The columns `MEASURED`, the magnitudes and the columns `OF_UNITS`."""
        moments: list[Block] = []
        magnitudes: list[Block] = []
        units: list[Block] = []
        parts = [*tensors, self._clipped.tensors(present)]
        if self._before is not None:
            parts.append(self._before.updates(tensors[WEIGHTS]))
        if self._measured_together.order:
            measured, shares = self._measured_together.tensors(parts).measure()
            unknown = ~known & self._is_update[:, None]
            moments.append((self._measured_together.order, tf.where(unknown, float("nan"), measured)))
            magnitudes.append((self._measured_together.order, shares))
        if self._batches:
            outputs = tf.stack([self._output(index, present[index], suspicious) for index in self._batches])
            parts = tf.split(outputs, [len(MEASURED), len(MAGNITUDES), -1], axis=1)
            parts[-1] = tf.where(self._have_units, parts[-1], float("nan"))
            for blocks, part in zip((moments, magnitudes, units), parts, strict=True):
                blocks.append((self._batches, part))
        if self._training:
            numbers = tf.stack([tf.cast(present[index], tf.float32) for index in self._training])
            is_mean = np.array([name == "mean" for name in MEASURED])
            moments.append((self._training, tf.where(is_mean, numbers[:, None], float("nan"))))
        return {
            name: column
            for names, blocks in ((MEASURED, moments), (MAGNITUDES, magnitudes), (OF_UNITS, units))
            for name, column in zip(names, self._columns(blocks, len(names)), strict=True)
        }

    def _output(self, index: int, value: Any, suspicious: Any) -> Any:
        """What `output` gives of a row of the batch, float32 [20]."""
        row = self._rows[index]
        squashing = row.activation if unit_count(row, frozenset(SATURATING)) else ""
        return shared(output, [value, suspicious], squashing)

    def _feature_columns(self, present: Mapping[int, Any]) -> dict[str, Any]:
        """What the features of the inputs are like."""
        if not self._features:
            return {}
        parts = [as_float32(first_samples(present[index], MEASURED_OF)) for index in self._features]
        measured = tf.stack([features(part) for part in parts])
        return dict(zip(FEATURES, self._columns([(self._features, measured)], len(FEATURES)), strict=True))

    def _columns(self, blocks: Sequence[Block], width: int) -> list[Any]:
        """Blocks of some rows as columns of all rows, float32 [rows] each, NaN for the others."""
        rows = [index for indices, _ in blocks for index in indices]
        places = np.full([len(self._rows)], len(rows))
        places[rows] = np.arange(len(rows))
        nothing = tf.fill([1, width], float("nan"))
        known = tf.concat([*(block for _, block in blocks), nothing], 0)
        return list(tf.unstack(tf.gather(known, places), axis=1))


def unit_count(row: Row, functions: frozenset[str]) -> int:
    """The units of a layer with one of these activation functions, 0 for any other row."""
    measured = row.kind == "activation" and not row.not_measured and len(row.shape) > 1
    return max(row.shape[-1], 0) if measured and row.activation in functions else 0
