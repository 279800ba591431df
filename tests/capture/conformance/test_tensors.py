"""The same tensors through the adapter of each framework give the numbers of NumPy in float64."""

import conformance
import ml_dtypes
import numpy as np
import pytest
from recorded import Recorded

from tb_gradhealth.record.columns import MAGNITUDES

SHAPES = {
    "one": (1,),
    "vector": (7,),
    "matrix": (5, 3),
    "kernel": (3, 3, 2, 4),
    "large": (80, 70),
    "long": (10_001,),
    "empty": (0, 4),
}
DTYPES = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
FAULTS = {
    "finite": [],
    "zeros": [0.0] * 3,
    "faulty": [np.nan, np.inf, -np.inf],
    "nan": None,  # all elements
}


def tensors(dtype, prefix, seed):
    """A tensor of each shape with each fault, in its first elements, by name."""
    random, made = np.random.default_rng(seed), {}
    for fault, planted in FAULTS.items():
        for name, shape in SHAPES.items():
            values = random.normal(size=shape)
            flat = values.reshape(-1)
            count = flat.size if planted is None else len(planted)
            flat[:count] = np.nan if planted is None else planted[: flat.size]
            made[f"{prefix}_{fault}_{name}"] = values.astype(DTYPES[dtype])
    return made


def expected(values):
    """The columns of a tensor by the definitions of `record/columns.py`, in float64."""
    wide = values.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    known = bool(finite.size)
    return {
        "rms": np.sqrt(np.mean(finite**2)) if known else np.nan,
        "mean": finite.mean() if known else np.nan,
        "minimum": finite.min() if known else np.nan,
        "maximum": finite.max() if known else np.nan,
        "nan_count": np.isnan(wide).sum(),
        "inf_count": np.isinf(wide).sum(),
    }


@pytest.fixture(scope="module", params=DTYPES)
def recordings(request, tmp_path_factory):
    """The tensors by kind, and what each adapter has recorded."""
    folder = tmp_path_factory.mktemp("run")
    given = {
        "gradient": tensors(request.param, "parameter", 0),
        "weight": tensors(request.param, "parameter", 1),
        "activation": {
            name: values for name, values in tensors(request.param, "layer", 2).items() if values.ndim > 1
        },
    }
    for framework, record in conformance.TENSORS.items():
        record(folder / framework, *given.values())
    return given, {framework: Recorded(folder / framework) for framework in conformance.TENSORS}


@pytest.mark.parametrize("framework", conformance.TENSORS)
def test_moments_and_faults(recordings, framework):
    given, recorded = recordings[0], recordings[1][framework]
    for kind, values in given.items():
        for name, array in values.items():
            if not array.size:
                assert np.isnan(numbers(recorded, kind, name, ["rms"])["rms"])
                continue
            right = expected(array)
            got = numbers(recorded, kind, name, right)
            np.testing.assert_allclose(
                list(got.values()),
                list(right.values()),
                rtol=2e-6,
                atol=2e-6 * (right["rms"] if np.isfinite(right["rms"]) else 1),
                err_msg=f"{kind} {name} by {framework}",
            )


def test_zeros_and_magnitudes_are_the_same_numbers(recordings):
    given, by_framework = recordings
    first, *others = by_framework.values()
    for kind, values in given.items():
        for name, array in values.items():
            if array.size:
                columns = ["zero_fraction", *MAGNITUDES]
                right = numbers(first, kind, name, columns)
                for recorded in others:
                    assert numbers(recorded, kind, name, columns) == pytest.approx(right, nan_ok=True), name
                if array.size <= 2048:
                    assert right["zero_fraction"] == pytest.approx(np.mean(array == 0))


def numbers(recorded, kind, name, columns):
    """Columns of a row in the only record; NaN where the row has no numbers."""
    return {column: recorded.column(kind, name, column)[0] for column in columns}


@pytest.mark.parametrize("framework", conformance.SPARSE)
def test_a_sparse_gradient_has_the_sums_of_its_repeated_rows(tmp_path, framework):
    """JAX has no sparse gradients: those of its embeddings are whole."""
    name = conformance.SPARSE[framework](tmp_path, np.ones([8, 2], np.float32))
    recorded = Recorded(tmp_path)
    right = expected(conformance.SUMMED)
    assert numbers(recorded, "gradient", name, right) == pytest.approx(right)
    assert recorded.column("gradient", name, "untouched_fraction")[0] == 6 / 8


@pytest.mark.parametrize("framework", conformance.ROLES)
def test_roles(tmp_path, framework):
    conformance.ROLES[framework](tmp_path)
    rows = Recorded(tmp_path).records[0].table.rows
    assert {row.role for row in rows if row.kind == "gradient"} == {
        "embedding",
        "norm",
        "recurrent",
        "kernel",
        "bias",
    }
