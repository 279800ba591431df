"""Sum of squares, sum, minimum and maximum, however a tensor is cut, against NumPy in float64."""

import numpy as np
import pytest
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring import reductions
from tb_gradhealth.capture.tensorflow.measuring.operands import operand
from tb_gradhealth.capture.tensorflow.measuring.reductions import BLOCK, PIECE, reduced

RANDOM = np.random.default_rng(5)
SIZES = [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + BLOCK + 3]


def of_all(arrays):
    measure = tf.function(lambda *values: reduced([operand(x) for x in values]), autograph=False)
    return np.array(measure(*[tf.constant(array) for array in arrays]), np.float64)


def in_float64(array):
    array = array.astype(np.float64)
    return [np.sum(array**2) / 2, np.sum(array), np.min(array), np.max(array)]


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_tensors_of_every_size_are_measured_to_their_last_element(cores, monkeypatch):
    monkeypatch.setattr(reductions, "_cores", lambda: cores)
    # Of -1, 0 and 1 every sum is a float32, so not a digit may differ.
    arrays = [RANDOM.integers(-1, 2, size).astype(np.float32) for size in SIZES]
    np.testing.assert_array_equal(of_all(arrays), np.transpose([in_float64(array) for array in arrays]))


def test_every_element_counts():
    size = PIECE + 2 * BLOCK + 5
    edges = [0, BLOCK - 1, BLOCK, PIECE - 1, PIECE, PIECE + BLOCK - 1, PIECE + 2 * BLOCK, size - 1]
    for place in edges:
        array = np.zeros(size, np.float32)
        array[place] = 4
        np.testing.assert_array_equal(of_all([array, -array]), [[8, 8], [4, -4], [0, -4], [4, 0]])
        for fault in (np.nan, np.inf, -np.inf):
            array[place] = fault
            squares, _, low, high = of_all([array])[:, 0]
            assert not np.isfinite([squares, low, high]).all(), (place, fault)


def test_tensors_of_one_shape_share_a_function():
    reductions._in_blocks.cache_clear()
    of_all([np.ones((2, BLOCK), np.float32)] * 3 + [np.ones((BLOCK, 2), np.float32)] * 2)
    assert reductions._in_blocks.cache_info().currsize == 2
