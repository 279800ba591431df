"""Prepares a tensor for the reductions: as float32, with the slices of a sparse gradient summed by row.

A sparse gradient (`tf.IndexedSlices`) has one slice per use of a row, so the slices of one row have to be
added up. A dense tensor would have the size of the whole table; the result of `tf.unique` has an unknown
size, which XLA refuses. The slices are therefore sorted by index and added up in runs, into as many rows as
there are slices; the unused rows are zero and are not counted. The statistics of a sparse gradient are those
of the rows that the batch touched.
"""

from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

FLOAT_MAX: Final = 3.4028234663852886e38


@dataclass(frozen=True)
class Operand:
    """A tensor to be measured.

    Attributes:
        values: what moments are taken of, float32 of any shape; padding, if any, is zero.
        extremes: what minimum and maximum are taken of: the same with an element of the tensor instead of
            padding.
        count: elements of ``values`` without the padding: a float where it is static, else float32 scalar.
        padding: how many elements of ``values`` are padding, float32 scalar, or None for none.
    """

    values: Any
    extremes: Any
    count: Any
    padding: Any = None


def operand(value: Any) -> Operand:
    """The tensor or `tf.IndexedSlices` as an operand."""
    if isinstance(value, tf.IndexedSlices):
        return _touched_rows(value)
    values = as_float32(value)
    return Operand(values, values, count(values))


def count(values: Any) -> Any:
    """The number of elements: a float where it is static, else float32 scalar.

    A list of floats becomes one constant of the graph, a list of scalars as many.
    """
    elements = values.shape.num_elements()
    return float(elements) if elements is not None else tf.cast(tf.size(values), tf.float32)


def zero_fraction(x: Operand) -> Any:
    """The share of zeros in a tensor with padding, float32 scalar."""
    return (tf.reduce_sum(tf.cast(x.values == 0, tf.float32)) - x.padding) / x.count


def as_float32(tensor: Any) -> Any:
    """Any floating tensor as float32.

    A finite float64 beyond float32's range becomes its largest number, not an infinity, which
    would read as an overflow that did not happen.
    """
    if tensor.dtype == tf.float64:
        tensor = tf.where(tf.math.is_finite(tensor), tf.clip_by_value(tensor, -FLOAT_MAX, FLOAT_MAX), tensor)
    return tf.cast(tensor, tf.float32)


def _touched_rows(slices: Any) -> Operand:
    values = as_float32(slices.values)
    slots = tf.shape(values)[0]
    order = tf.argsort(slices.indices, stable=True)
    indices = tf.gather(slices.indices, order)
    begins = tf.concat([tf.zeros_like(indices[:1]), tf.cast(indices[1:] != indices[:-1], indices.dtype)], 0)
    run = tf.cumsum(tf.cast(begins, tf.int32))
    summed = tf.math.unsorted_segment_sum(tf.gather(values, order), run, slots)
    touched = tf.reduce_sum(tf.cast(begins, tf.int32)) + tf.minimum(slots, 1)  # there may be no slices at all
    width = tf.cast(tf.size(values), tf.float32) / tf.cast(tf.maximum(slots, 1), tf.float32)
    is_row = tf.reshape(
        tf.range(slots) < touched, tf.concat([[slots], tf.ones([tf.rank(values) - 1], tf.int32)], 0)
    )
    return Operand(
        values=summed,
        extremes=tf.where(is_row, summed, summed[:1]),
        count=tf.cast(touched, tf.float32) * width,
        padding=tf.cast(slots - touched, tf.float32) * width,
    )
