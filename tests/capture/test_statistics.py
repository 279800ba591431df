"""Every recorded number against NumPy in float64 on the same tensors: eager, in a function, under XLA."""

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from tb_gradhealth.capture.run_observer import SCHEDULED
from tb_gradhealth.capture.tensorflow.observer import Observer
from tb_gradhealth.capture.tensorflow.selecting.selection import StepTensors, select
from tb_gradhealth.record import COLUMNS
from tb_gradhealth.record.magnitudes import magnitude_shares, pack_shares, unpack_shares

RANDOM = np.random.default_rng(3)


def tensors():
    normal = RANDOM.normal(size=(31, 17)).astype(np.float32)
    mixed = normal.copy()
    mixed[0, :3] = [np.nan, np.inf, -np.inf]
    mixed[5] = 0
    relu = np.maximum(normal, 0)
    return {
        "normal": normal,
        "shifted": normal + 3,
        "mixed": mixed,
        "relu": relu,
        "zeros": np.zeros((4, 5), np.float32),
        "one": np.float32([[-2.5]]),
        "all_nan": np.full((3, 3), np.nan, np.float32),
        "all_infinite": np.full((3, 3), -np.inf, np.float32),
        "huge": normal * np.float32(1e37),
        "tiny": normal * np.float32(1e-30),
        "huge_and_nan": np.where(mixed == mixed, normal * np.float32(1e37), np.float32(np.nan)),
        "wide": (normal * 10.0 ** RANDOM.uniform(-20, 4, normal.shape)).astype(np.float32),
        "half": (normal * 300).astype(np.float16),
        "half_infinite": np.float16([[1, np.inf], [65504, 0]]),
        "brain": normal.astype(ml_dtypes.bfloat16),
        "double": normal.astype(np.float64) * 1e-3,
        "beyond_float32": np.float64([[1e300, -2.0], [0.0, 1.0]]),
    }


def expected(array):
    """Closed form in float64, scaled so that squares fit."""
    array = np.clip(
        array.astype(np.float64),
        -3.4028234663852886e38,
        3.4028234663852886e38,
        where=np.isfinite(array.astype(np.float64)),
        out=array.astype(np.float64),
    )
    finite = array[np.isfinite(array)]
    nothing = finite.size == 0
    return {
        "rms": np.nan if nothing else np.sqrt(np.mean(finite**2)),
        "mean": np.nan if nothing else finite.mean(),
        "minimum": np.nan if nothing else finite.min(),
        "maximum": np.nan if nothing else finite.max(),
        "zero_fraction": np.mean(array == 0),
        "nan_count": np.isnan(array).sum(),
        "inf_count": np.isinf(array).sum(),
        "peak_rms": np.nan if nothing else np.sqrt(np.mean(finite**2)),
        "peak_rms_ago": np.nan if nothing else 0,
        "bad_steps": float(finite.size < array.size),
        "bad_ago": 0 if finite.size < array.size else np.nan,
    }


def recorded(observer):
    """The matrix of the newest record of the cadence."""
    return observer.record(observer.collect(), SCHEDULED)


def measure(arrays, as_step, **arguments):
    """The matrix of one step in which ``arrays`` are the gradients, by tensor name and column."""
    variables = {name: tf.Variable(tf.zeros(array.shape), name=name) for name, array in arrays.items()}
    observers = []

    def step(*values):
        selection = select(StepTensors(zip(values, variables.values(), strict=True), (), {}, None))
        if not observers:
            observers.append(Observer(selection, 10))
        return observers[0](selection)

    scheduled, _ = as_step(step)(*[tf.constant(array) for array in arrays.values()])
    assert bool(scheduled)
    rows = [row.tensor for row in observers[0].rows]
    assert rows == list(arrays)
    return dict(zip(rows, recorded(observers[0]), strict=True))


def test_every_statistic_equals_numpy_in_float64(as_step):
    arrays = tensors()
    matrix = measure(arrays, as_step)
    for name, array in arrays.items():
        got = dict(zip(COLUMNS, matrix[name], strict=True))
        for column, value in expected(array).items():
            scale = np.nanmax(np.abs(np.append(got["peak_rms"], 0))) if column == "mean" else 0
            np.testing.assert_allclose(
                got[column], np.float32(value), rtol=2e-6, atol=1e-6 * scale, err_msg=f"{column} of {name}"
            )


def test_statistics_equal_numpy_with_other_devices(as_step, monkeypatch):
    for module in ("graph", "measuring.reductions"):
        monkeypatch.setattr(f"tb_gradhealth.capture.tensorflow.{module}.has_accelerator", lambda: True)
    normal = tensors()["normal"]
    got = dict(zip(COLUMNS, measure({"normal": normal}, as_step)["normal"], strict=True))
    for column, value in expected(normal).items():
        np.testing.assert_allclose(got[column], np.float32(value), rtol=2e-6, atol=1e-6, err_msg=column)


def test_huge_tensor_is_measured_to_its_last_element(as_step):
    # 10 elements more than fit the blocks in which it is read.
    finite = RANDOM.normal(size=(2, (1 << 21) + 5)).astype(np.float32) + 1
    finite[1, -1], finite[0, 1 << 20] = 9, -9
    faulty = finite.copy()
    faulty[1, 77], faulty[1, -2] = np.nan, np.inf
    matrix = measure({"finite": finite, "faulty": faulty}, as_step)
    for name, array in (("finite", finite), ("faulty", faulty)):
        got = dict(zip(COLUMNS, matrix[name], strict=True))
        want = expected(array)
        del want["zero_fraction"]  # from a sample
        for column, value in want.items():
            # float32 sums of four million elements.
            np.testing.assert_allclose(
                got[column], np.float32(value), rtol=5e-6, err_msg=f"{column} of {name}"
            )


def test_magnitudes_equal_those_of_the_record_package(as_step):
    arrays = {name: array for name, array in tensors().items() if name != "beyond_float32"}
    arrays["denormal"] = np.float32([[1e-40, -1e-45, 0, 2.0**-40, 2.0**-41, 2.0**16, 65535]])
    matrix = measure(arrays, as_step)
    for name, array in arrays.items():
        with np.errstate(invalid="ignore"):  # NumPy warns when it casts a signalling NaN
            shares = magnitude_shares(array.astype(np.float32))
        packed = matrix[name][-10:]
        got, want = unpack_shares(packed), unpack_shares(pack_shares(shares))
        np.testing.assert_allclose(np.sqrt(got), np.sqrt(want), atol=1.01 / 255, err_msg=name)
        assert np.mean(packed == pack_shares(shares)) > 0.8, name


def test_a_large_tensor_s_magnitudes_come_from_all_of_its_channels(as_step):
    values = np.full((300, 64), 2.0**-20, np.float32)
    values[:, 1::2] = 2.0**5
    shares = unpack_shares(measure({"w": values}, as_step)["w"][-10:])
    assert sorted(np.round(shares[shares > 0.01], 1)) == [0.5, 0.5]


def test_zeros_of_a_large_tensor_are_estimated_from_a_sample(as_step):
    values = RANDOM.normal(size=(512, 512)).astype(np.float32)
    values[RANDOM.uniform(size=values.shape) < 0.3] = 0
    got = measure({"w": values}, as_step)["w"][COLUMNS.index("zero_fraction")]
    # Three standard deviations of a share among 2,048.
    assert got == pytest.approx(np.mean(values == 0), abs=3 * np.sqrt(0.3 * 0.7 / 2048))
    assert got != 0


def test_a_sparse_gradient_is_measured_on_the_sum_of_each_row_it_touched(as_step):
    values = RANDOM.normal(size=(6, 3)).astype(np.float32) + 5
    indices = [4, 1, 4, 0, 1, 4]
    variable = tf.Variable(tf.zeros([10, 3]), name="embeddings")
    observers = []

    def step(values, indices):
        slices = tf.IndexedSlices(values, indices, tf.constant([10, 3], tf.int64))
        selection = select(StepTensors([(slices, variable)], (), {}, None))
        if not observers:
            observers.append(Observer(selection, 10))
        return observers[0](selection)

    as_step(step)(tf.constant(values), tf.constant(indices, tf.int64))
    touched = np.stack([values[3], values[1] + values[4], values[0] + values[2] + values[5]])
    matrix = recorded(observers[0])
    got = dict(zip(COLUMNS, matrix[0], strict=True))
    for column, value in expected(touched).items():
        np.testing.assert_allclose(got[column], value, rtol=1e-6, err_msg=column)
    packed = pack_shares(magnitude_shares(touched))
    np.testing.assert_array_equal(matrix[0, -10:], packed)
    assert observers[0].rows[0].role == "embedding"


@pytest.mark.parametrize(
    ("gradient", "dtype", "reason"),
    [
        (None, tf.float32, "gradient is None"),
        (tf.constant([1]), tf.int32, "dtype int32 is not a floating one"),
        (tf.constant([1j], tf.complex64), tf.complex64, "dtype complex64 is not a floating one"),
        (tf.zeros([0]), tf.float32, "it has no elements"),
    ],
)
def test_unmeasurable_tensor_is_a_row_with_a_reason(gradient, dtype, reason):
    shape = [1] if gradient is None else gradient.shape
    odd, fine = tf.Variable(tf.zeros(shape, dtype), name="odd"), tf.Variable([1.0], name="fine")
    selection = select(StepTensors([(gradient, odd), (tf.constant([2.0]), fine)], (), {}, None))
    observer = Observer(selection, 10)
    observer(selection)
    assert [row.not_measured for row in selection.rows] == [reason, ""]
    matrix = recorded(observer)
    assert np.isnan(matrix[0]).all()
    assert matrix[1, 0] == 2


def test_a_step_without_any_gradient_is_still_recorded():
    selection = select(StepTensors([(None, tf.Variable([1.0], name="w"))], (), {}, None))
    observer = Observer(selection, 10)
    scheduled, tripped = observer(selection)
    assert scheduled
    assert not tripped
    assert observer.collect().record_numbers.tolist() == [1, 0]
    assert np.isnan(recorded(observer)).all()
