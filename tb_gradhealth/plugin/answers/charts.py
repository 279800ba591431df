"""Formats `series`, `steps`, `magnitudes` and `heatmap` as frames for the charts."""

from collections.abc import Mapping, Sequence

import numpy as np

from tb_gradhealth.health.series import (
    Buckets,
    History,
    Reduction,
    StepRange,
    query_heatmap,
    query_magnitudes,
    query_series,
    query_steps,
)
from tb_gradhealth.monitor import NotFoundError
from tb_gradhealth.plugin.answers.json_values import Json
from tb_gradhealth.plugin.frames import encode_frame
from tb_gradhealth.record.magnitudes import EDGES, OCTAVES_PER_BIN

Histories = Sequence[History]


def series_of(
    histories: Histories,
    run: str,
    kind: str,
    tensor: str,
    columns: Sequence[str],
    steps: StepRange,
    points: int,
) -> dict[str, Buckets]:
    """Statistics of one tensor in at most ``points`` buckets.

    Raises:
        NotFoundError: the tensor has no such kind, or does not exist.
    """
    try:
        return query_series(histories, kind, tensor, columns, steps, points)
    except KeyError:
        raise _missing(run, kind, tensor) from None


def is_complete(series: Mapping[str, Buckets]) -> bool:
    """Whether the series is made from every record of its range."""
    return next(iter(series.values())).complete


def series_frame(series: Mapping[str, Buckets], run: str, kind: str, tensor: str) -> bytes:
    """A series as a frame: the mean, minimum and maximum of each column."""
    first = next(iter(series.values()))
    header: Json = {
        "schema": "gradhealth.series/1",
        "run": run,
        "tensor": tensor,
        "kind": kind,
        "exact": first.exact,
        "records": int(first.records.sum()),
    }
    body = {"step": first.steps}
    for column, buckets in series.items():
        body |= {
            column: buckets.mean[0].astype(np.float32),
            f"{column}.min": buckets.low[0].astype(np.float32),
            f"{column}.max": buckets.high[0].astype(np.float32),
        }
    return encode_frame(header, body)


def steps_frame(histories: Histories, run: str, kind: str, tensor: str) -> bytes:
    """The flight recorder's values of one tensor, step by step; NaN where none was recorded.

    Raises:
        NotFoundError: the tensor has no such kind, or does not exist.
    """
    try:
        steps, values = query_steps(histories, kind, tensor)
    except KeyError:
        raise _missing(run, kind, tensor) from None
    header: Json = {
        "schema": "gradhealth.steps/1",
        "run": run,
        "tensor": tensor,
        "kind": kind,
        "statistic": "largest |x|" if kind == "activation" else "RMS",
    }
    return encode_frame(header, {"step": steps, "value": values.astype(np.float32)})


def magnitudes_frame(
    histories: Histories, run: str, kind: str, tensor: str, steps: StepRange, width: int
) -> bytes:
    """The distribution of |x| of one tensor over the training, in bins of powers of two.

    Raises:
        NotFoundError: the tensor has no such kind, or does not exist.
    """
    try:
        starting, shares = query_magnitudes(histories, kind, tensor, steps, width)
    except KeyError:
        raise _missing(run, kind, tensor) from None
    # The lowest bin has no lower edge; for drawing it gets the width of the others.
    exponents = [int(EDGES[0]) - OCTAVES_PER_BIN, *EDGES.tolist()]
    header: Json = {
        "schema": "gradhealth.magnitudes/1",
        "run": run,
        "tensor": tensor,
        "kind": kind,
        "exponents": exponents,
        "bins": len(exponents),
    }
    return encode_frame(header, {"step": starting, "share": shares.reshape(-1)})


def heatmap_frame(
    histories: Histories,
    run: str,
    kind: str,
    column: str,
    steps: StepRange,
    width: int,
    reduction: Reduction,
) -> bytes:
    """A statistic of every tensor of a kind over the training, row by row in forward order."""
    image = query_heatmap(histories, kind, column, steps, width, reduction)
    header: Json = {
        "schema": "gradhealth.heatmap/1",
        "run": run,
        "kind": kind,
        "column": column,
        "reduce": reduction,
        "rows": [
            {
                "tensor": row.tensor,
                "layer": row.layer,
                "role": row.role,
                "depth": row.depth,
                "sampled": row.sampled,
            }
            for row in image.rows
        ],
    }
    return encode_frame(header, {"step": image.steps, "value": image.values.reshape(-1).astype(np.float32)})


def _missing(run: str, kind: str, tensor: str) -> NotFoundError:
    return NotFoundError(f"run {run[:200]!r} has no {kind} of a tensor {tensor[:200]!r}")
