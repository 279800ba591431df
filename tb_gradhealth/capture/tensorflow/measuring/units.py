"""Dead units: units of a layer, the last axis of its output, that are silent in all batches of a window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.statistics.units import MIN_BATCHES, SEARCH_INTERVAL
from tb_gradhealth.capture.tensorflow.graph import highest, shared_function, state
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_sum


class Units:
    """The largest output of each ReLU-like unit since the begin of a window.

    Each step adds the first samples of its batch. Before a unit counts as dead, a whole batch is searched for
    an output, and again in every `SEARCH_INTERVAL`-th window in which it is silent. A window ends with the
    first record after `MIN_BATCHES` batches; until then the dead fraction is NaN.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = tuple(sizes)
        self._owner = owners(sizes)
        self._peaks = state(np.zeros([sum(sizes)], np.float32), "peaks")
        # Batches in the window, and windows so far.
        self._counts = state(np.zeros([2], np.int64), "counts")
        self._dead = state(np.zeros([sum(sizes)], np.bool_), "dead")

    def add(self, peaks: Any) -> None:
        """Add one batch: the largest output of each unit, layer by layer, float32 [units]."""
        self._peaks.assign(tf.maximum(self._peaks, peaks))
        self._counts.assign_add(np.array([1, 0]))

    def columns(self, batch: Sequence[Any]) -> Any:
        """Dead fraction and length of the window in batches, float32 [layers, 2]; ends a full window.

        Args:
            batch: the layers' whole outputs, of which `add` may have received a part.
        """
        batches, windows = tf.unstack(self._counts.read_value(), num=2)
        peaks, dead_before = self._peaks.read_value(), self._dead.read_value()
        full = batches >= MIN_BATCHES
        silent = tf.equal(peaks, 0.0)  # NaN == 0 is false: a unit that is NaN is not dead
        to_search = silent & (~dead_before | (windows % SEARCH_INTERVAL == 0)) & full
        parts = zip(batch, *(tf.split(x, self._sizes) for x in (to_search, peaks)), strict=True)
        searched = tf.concat([shared_function(_searched, part) for part in parts], 0)
        dead = silent & tf.equal(searched, 0.0)
        count = segment_sum(tf.cast(dead, tf.float32), self._owner, len(self._sizes))
        shares = count / np.array(self._sizes, np.float32)
        columns = tf.stack([shares, tf.fill(tf.shape(shares), tf.cast(batches, tf.float32))], axis=1)
        self._dead.assign(tf.where(full, dead, dead_before))
        self._peaks.assign(tf.where(full, 0.0, peaks))
        self._counts.assign(tf.where(full, [tf.zeros_like(windows), windows + 1], [batches, windows]))
        return tf.where(full, columns, float("nan"))


def _searched(values: Any, to_search: Any, peaks: Any) -> Any:
    """A layer's peaks; those of its whole output ``values`` if one of its units is ``to_search``."""
    return tf.cond(tf.reduce_any(to_search), lambda: unit_peaks(values), lambda: peaks)


def unit_peaks(values: Any) -> Any:
    """The largest output of each unit over all samples and positions, float32 [units]."""
    if values.shape.rank > 2:
        # Positions are reduced first, sample by sample, so that memory is read in order.
        shape = tf.shape(values)
        by_sample = tf.reshape(values, [shape[0], tf.reduce_prod(shape[1:-1]), values.shape[-1] or shape[-1]])
        values = highest(by_sample, axis=[1])
    return tf.cast(highest(values, axis=list(range(values.shape.rank - 1))), tf.float32)
