"""The statistics of one tensor at one recorded step: the columns of a record, in order.

Moments run over the *finite* elements; non-finite ones are counted apart. A value that was not
measured (a gradient's dead units, the first record's update) is NaN, never zero.

Columns that begin with ``peak`` or ``bad`` cover every step since the previous record, not only the
recorded one. Steps are stored as distances ("ago"), which stay small and therefore exact in float32.

No kind of tensor has them all. `layouts` gives those that are written for each kind.
"""

from typing import Final

from tb_gradhealth.record.magnitudes import PACKED

MOMENTS: Final = (
    "rms",  # sqrt(mean(x²)) over finite elements
    "mean",
    "minimum",
    "maximum",
    "zero_fraction",  # exact zeros / elements
)
FAULTS: Final = (
    "nan_count",
    "inf_count",
    "bad_steps",  # steps with a non-finite element since the previous record...
    "bad_ago",  # ...and how many steps before this record the first of them was
)
UNITS: Final = (
    "dead_fraction",  # units that never activated in the window / units
    "window",  # number of batches in which the dead units never activated
    "dormant_fraction",  # units whose mean |x| is at most 0.025 of the layer's / units
    "saturated_fraction",  # units of which over 95 % lie in the outer 3 % of the function's range / units
    "outer_fraction",  # outputs in the outer 5 % of a saturating function's range / outputs: |tanh| > 0.95
)
PEAK_RMS: Final = (
    "peak_rms",  # largest finite RMS since the previous record...
    "peak_rms_ago",  # ...and how many steps before this record it was
)
PEAK_MAX: Final = (
    "peak_max",  # largest finite |x| since the previous record...
    "peak_max_ago",
)
SPARSE: Final = ("untouched_fraction",)  # an embedding's rows that no gradient ever touched / rows
REPLICAS: Final = ("replica_spread",)  # (largest - smallest replica's RMS) / the replicas' mean RMS
FEATURES: Final = (
    "constant_fraction",  # features (last axis) that are the same throughout the batch / features
    "feature_spread",  # of a matrix: largest RMS of a feature / median RMS of those not all zero
)
MAGNITUDES: Final = tuple(f"magnitudes_{index}" for index in range(PACKED))

STATISTICS: Final = (*MOMENTS, *FAULTS, *UNITS, *PEAK_RMS, *PEAK_MAX, *SPARSE, *REPLICAS, *FEATURES)

COLUMNS: Final = STATISTICS + MAGNITUDES
"""All column names of this format version. A reader finds columns by name, never by position."""


def layouts(*, units: bool, sparse: bool, replicas: bool) -> dict[str, tuple[str, ...]]:
    """The columns that are written for each kind of row; leaving out the others halves a record.

    Args:
        units: whether any activation is measured per unit.
        sparse: whether any gradient is sparse.
        replicas: whether several replicas train together.
    """
    gradient = (*MOMENTS, *FAULTS, *PEAK_RMS, *MAGNITUDES)
    return {
        "gradient": gradient + (SPARSE if sparse else ()) + (REPLICAS if replicas else ()),
        "clipped": MOMENTS,
        "weight": (*MOMENTS, *FAULTS, *MAGNITUDES),
        "update": MOMENTS,
        "activation": (*MOMENTS, *FAULTS, *PEAK_MAX, *MAGNITUDES, *(UNITS if units else ())),
        "input": (*MOMENTS, *FAULTS, *FEATURES, *MAGNITUDES),
        "target": (*MOMENTS, *FAULTS),
        "loss": (*MOMENTS, *FAULTS, *PEAK_MAX),
        "training": ("mean",),
    }
