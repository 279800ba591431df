"""Sum of squares, sum, minimum and maximum of many tensors, reading each from memory about once.

TensorFlow has a native kernel for each of the four and none for two of them, so every element is read four
times. Where a block is read by one core, as small as its cache, three of the four cost little.
"""

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import has_accelerator, highest, is_compiled
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand

BLOCK: Final = 1 << 16
"""Elements of a block. From about 90,000 on, TensorFlow's kernels share one out among the cores."""

PIECE: Final = 1 << 20
"""Elements whose blocks are one function; pieces of one shape share theirs. Written out in the step's graph,
ResNet50's blocks took 1.5 s longer to prepare and were no faster."""

MOST_LANES: Final = 16
"""Beyond this number of cores the memory bandwidth is the limit."""

FUNCTIONS: Final = 256
"""Number of shapes whose functions are cached."""


def reduced(operands: Sequence[Operand]) -> list[Any]:
    """Half the sum of squares, sum, minimum and maximum of every operand, each float32 [n].

    Where an element is not finite, the first or one of the last two is not.
    """
    pieces = [(number, piece) for number, x in enumerate(operands) for piece in _pieces(x)]
    columns = tf.unstack(tf.stack(_in_lanes([piece for _, piece in pieces])), axis=1)
    if len(pieces) == len(operands):
        return columns  # type: ignore[no-any-return]
    owner = [number for number, _ in pieces]
    sums, lows, highs = tf.math.segment_sum, tf.math.segment_min, tf.math.segment_max
    return [join(x, owner) for join, x in zip((sums, sums, lows, highs), columns, strict=True)]


@dataclass(frozen=True)
class _Piece:
    """A part of an operand that is measured at once.

    Attributes:
        values: what moments are taken of.
        extremes: what minimum and maximum are taken of.
        size: its elements, None for as many as there are: it is not read in blocks.
    """

    values: Any
    extremes: Any
    size: int | None = None

    def reduced(self) -> Any:
        """What `reduced` gives of it, float32 [4]."""
        if self.size is None:
            return tf.stack(_one_by_one(self.values, self.extremes, []))
        return _in_blocks(tuple(self.values.shape))(self.values)


def _pieces(x: Operand) -> list[_Piece]:
    """They lie in the operand, nothing is copied."""
    size = x.values.shape.num_elements()
    # A GPU reads a tensor faster at once; XLA's kernels know no cache.
    if size is None or x.values is not x.extremes or has_accelerator() or is_compiled():
        return [_Piece(x.values, x.extremes)]
    if size <= PIECE:
        return [_Piece(x.values, x.values, size)]
    flat = tf.reshape(x.values, [-1])
    parts = [(flat[begin : begin + PIECE], min(PIECE, size - begin)) for begin in range(0, size, PIECE)]
    return [_Piece(part, part, elements) for part, elements in parts]


def _in_lanes(pieces: Sequence[_Piece]) -> list[Any]:
    """The reductions of each piece, float32 [4]; each core computes one piece at a time."""
    lanes: list[list[Any]] = [[] for _ in range(_cores())]
    waiting = [0] * len(lanes)
    results = []
    for piece in pieces:
        lane = waiting.index(min(waiting))
        waiting[lane] += piece.size or PIECE
        with tf.control_dependencies(lanes[lane][-1:]):
            lanes[lane].append(piece.reduced())
        results.append(lanes[lane][-1])
    return results


def _cores() -> int:
    """How many operations TensorFlow runs at a time, up to `MOST_LANES`."""
    return min(tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1, MOST_LANES)


@functools.lru_cache(FUNCTIONS)
def _in_blocks(shape: tuple[int, ...]) -> Any:
    """The function from float32 of a shape to `_Piece.reduced`."""
    function = tf.function(
        _block_by_block,
        input_signature=[tf.TensorSpec(shape, tf.float32)],
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    with tf.init_scope():  # it belongs to no graph, device or replica
        return function.get_concrete_function()


def _block_by_block(values: Any) -> Any:
    flat = tf.reshape(values, [-1])
    size = flat.shape[0]
    whole = size // BLOCK
    blocks = tf.unstack(tf.reshape(flat[: whole * BLOCK], [whole, BLOCK])) if whole else []
    if size % BLOCK:
        blocks.append(flat[whole * BLOCK :])
    done: list[Any] = []
    for block in blocks:
        _one_by_one(block, block, done)
    squares, total, low, high = (tf.stack(done[index::4]) for index in range(4))
    return tf.stack([tf.reduce_sum(squares), tf.reduce_sum(total), tf.reduce_min(low), tf.reduce_max(high)])


def _one_by_one(values: Any, extremes: Any, done: list[Any]) -> list[Any]:
    """``done`` and the four, each after the one before it: what that read is still in the cache."""
    for reduction, elements in (
        (tf.nn.l2_loss, values),
        (tf.reduce_sum, values),
        (tf.reduce_min, extremes),
        (highest, extremes),
    ):
        with tf.control_dependencies(done[-1:]):
            done.append(reduction(elements))
    return done
