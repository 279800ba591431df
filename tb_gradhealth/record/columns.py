"""The statistics of one tensor at one recorded step: the columns of a record, in order.

Moments run over the *finite* elements; non-finite ones are counted apart. A value that was not
measured (a gradient's dead units, the first record's update) is NaN, never zero.

Columns that begin with ``peak`` or ``bad`` are sticky: they cover every step since the previous
record, not only the recorded one, so nothing between two records is lost. Steps are stored as
distances ("ago"), which stay small and therefore exact in float32.
"""

from typing import Final

from tb_gradhealth.record.magnitudes import PACKED

STATISTICS: Final = (
    "rms",  # sqrt(mean(x²)) over finite elements
    "mean",
    "minimum",
    "maximum",
    "zero_fraction",  # exact zeros / elements
    "nan_count",
    "inf_count",
    "dead_fraction",  # units that never activated in the window / units
    "window",  # batches the dead units were watched for
    "peak_rms",  # largest finite RMS since the previous record...
    "peak_rms_ago",  # ...and how many steps before this record it was
    "peak_max",  # largest finite |x| since the previous record...
    "peak_max_ago",
    "bad_steps",  # steps with a non-finite element since the previous record...
    "bad_ago",  # ...and how many steps before this record the first of them was
)

COLUMNS: Final = STATISTICS + tuple(f"magnitudes_{index}" for index in range(PACKED))
"""All column names of format version 1. A reader finds columns by name, never by position."""
