"""Sums and maxima of segments against NumPy, with the fast kernels and without them."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.config import disable_op_determinism

from tb_gradhealth.capture.tensorflow.measuring.segments import segment_max, segment_sum

RANDOM = np.random.default_rng(5)
SIZES = RANDOM.integers(1, 50, 40)


@pytest.fixture(params=["any kernel", "deterministic kernels"])
def _kernels(request):
    if request.param == "deterministic kernels":
        tf.config.experimental.enable_op_determinism()
    yield
    disable_op_determinism()


@pytest.mark.usefixtures("_kernels")
def test_sum_and_maximum_of_each_segment(as_step):
    owner = np.repeat(np.arange(len(SIZES), dtype=np.int32), SIZES)
    values = RANDOM.normal(size=len(owner)).astype(np.float32)

    def step(values):
        tensors = len(SIZES)
        return segment_sum(values, owner, tensors), segment_max(values, owner, tensors)

    sums, highest = as_step(step)(tf.constant(values))
    segments = np.split(values.astype(np.float64), np.cumsum(SIZES)[:-1])
    np.testing.assert_allclose(sums, [segment.sum() for segment in segments], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(highest, [np.float32(segment.max()) for segment in segments])
