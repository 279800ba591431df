"""A full record, computed inside the step: the columns of every row, put together from what measures them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.before import Before
from tb_gradhealth.capture.tensorflow.measuring.features import features
from tb_gradhealth.capture.tensorflow.measuring.magnitudes import sampled
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand, activation
from tb_gradhealth.capture.tensorflow.measuring.statistics import MEASURED, measure
from tb_gradhealth.capture.tensorflow.measuring.tensors import Split
from tb_gradhealth.capture.tensorflow.measuring.touched import Touched
from tb_gradhealth.capture.tensorflow.measuring.units import (
    Units,
    dormant_fraction,
    outer_fraction,
    saturated_fraction,
)
from tb_gradhealth.capture.tensorflow.network.selection import BATCHES, Selection
from tb_gradhealth.capture.tensorflow.network.structure import GATED, RELU_LIKE, SATURATING
from tb_gradhealth.capture.tensorflow.watching.sticky import Facts
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import FEATURES, MAGNITUDES

WATCHED: Final = ("gradient", "weight", "activation", "loss")
"""Kinds of rows that are looked at in every step."""

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
        before: the weights as they were.
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
        self._features = [index for index in selection.features if index in self._batches]
        self._training = of_kind["training"]
        self._tensors = Split(rows, selection.values, [i for i in self.watched if i not in self._activations])
        self._clipped = Split(rows, selection.values, of_kind["clipped"])
        self._weights = Split(rows, selection.values, of_kind["update"])
        self.units = Units([rows[index].shape[-1] for index in self.with_units])
        self.touched = Touched([rows[index].shape[0] for index in self.sparse])
        self.before = Before(rows, self._weights)
        self.has_updates = bool(self._weights.order)

    def matrix(
        self, present: Mapping[int, Any], facts: Facts, known: Any, spread: Any, suspicious: Any
    ) -> Any:
        """All columns of all rows, float32 [rows, columns]; NaN for what is not measured.

        Args:
            present: the step's tensors by row.
            facts: what happened since the record before.
            known: whether the weights of an earlier step are known, bool scalar.
            spread: how far replicas differ in each measured gradient, float32 [gradients], or None.
            suspicious: whether something is wrong with the step, bool scalar: then every sample's
                activations are searched.
        """
        made = {index: activation(present[index], whole=False) for index in self._batches}
        columns = self._measured(present, made, known, suspicious)
        columns.update(self._unit_columns(present, made))
        columns.update(self._feature_columns(made))
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
        self, present: Mapping[int, Any], made: Mapping[int, Operand], known: Any, suspicious: Any
    ) -> dict[str, Any]:
        """The columns `MEASURED` and the magnitudes; ``made`` are the tensors of the batch as operands."""
        moments: list[Block] = []
        magnitudes: list[Block] = []
        if self._tensors.order:
            measured, shares = self._tensors.tensors(present).measure()
            moments.append((self._tensors.order, measured))
            magnitudes.append((self._tensors.order, shares))
        if self._batches:
            zeros, shares = sampled(list(made.values()))
            measured = tf.cond(
                suspicious,
                lambda: measure([activation(present[index], whole=True) for index in made], zeros),
                lambda: measure(list(made.values()), zeros),
            )
            moments.append((self._batches, measured))
            magnitudes.append((self._batches, shares))
        if self._clipped.order:
            clipped, _ = self._clipped.tensors(present).measure()
            moments.append((self._clipped.order, clipped))
        if self.has_updates:
            updates, _ = self.before.updates(present).measure()
            moments.append((self._weights.order, tf.where(known, updates, float("nan"))))
        if self._training:
            numbers = tf.stack([tf.cast(present[index], tf.float32) for index in self._training])
            is_mean = np.array([name == "mean" for name in MEASURED])
            moments.append((self._training, tf.where(is_mean, numbers[:, None], float("nan"))))
        return {
            **dict(zip(MEASURED, self._columns(moments, len(MEASURED)), strict=True)),
            **dict(zip(MAGNITUDES, self._columns(magnitudes, len(MAGNITUDES)), strict=True)),
        }

    def _unit_columns(self, present: Mapping[int, Any], made: Mapping[int, Operand]) -> dict[str, Any]:
        """Silent, dormant and saturated units and outer outputs, of the layers where each has a meaning."""
        columns: dict[str, Any] = {}
        if self.with_units:
            silent = self.units.columns([present[index] for index in self.with_units])
            columns["dead_fraction"], columns["window"] = self._columns([(self.with_units, silent)], 2)
        for name, functions, share in (
            ("dormant_fraction", GATED, lambda values, _: dormant_fraction(values)),
            ("saturated_fraction", frozenset(SATURATING), saturated_fraction),
            ("outer_fraction", frozenset(SATURATING), outer_fraction),
        ):
            rows = [index for index in self._activations if unit_count(self._rows[index], functions)]
            if rows:
                shares = [share(made[index].values, self._rows[index].activation) for index in rows]
                (columns[name],) = self._columns([(rows, tf.stack(shares)[:, None])], 1)
        return columns

    def _feature_columns(self, made: Mapping[int, Operand]) -> dict[str, Any]:
        """What the features of the inputs are like."""
        if not self._features:
            return {}
        measured = tf.stack([features(made[index].values) for index in self._features])
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
