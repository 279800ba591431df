"""`series`, `steps`, `magnitudes` and `heatmap`: what a run measured, as frames for the charts."""

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
from tb_gradhealth.plugin.answers.common import Json
from tb_gradhealth.plugin.application import NotFoundError
from tb_gradhealth.plugin.frames import encode_frame
from tb_gradhealth.record.magnitudes import EDGES, OCTAVES_PER_BIN

Histories = Sequence[History]


def series_cells(
    histories: Histories,
    run: str,
    kind: str,
    tensor: str,
    columns: Sequence[str],
    steps: StepRange,
    points: int,
) -> dict[str, Buckets]:
    """Statistics of one tensor in at most ``points`` cells.

    Raises:
        NotFoundError: nothing of that kind and tensor was measured.
    """
    try:
        return query_series(histories, kind, tensor, columns, steps, points)
    except KeyError:
        raise missing(run, kind, tensor) from None


def exact(cells: Mapping[str, Buckets]) -> bool:
    """Whether every record of the range is there, be it in a cell with others because few were asked for."""
    return next(iter(cells.values())).complete


def series_frame(cells: Mapping[str, Buckets], run: str, kind: str, tensor: str) -> bytes:
    """Buckets as a frame: of each column the mean, the smallest and the largest value."""
    any_of_them = next(iter(cells.values()))
    header: Json = {
        "schema": "gradhealth.series/1",
        "run": run,
        "tensor": tensor,
        "kind": kind,
        "exact": any_of_them.exact,
        "records": int(any_of_them.records.sum()),
    }
    body = {"step": any_of_them.steps}
    for column, found in cells.items():
        body |= {
            column: found.mean[0].astype(np.float32),
            f"{column}.min": found.low[0].astype(np.float32),
            f"{column}.max": found.high[0].astype(np.float32),
        }
    return encode_frame(header, body)


def steps_frame(histories: Histories, run: str, kind: str, tensor: str) -> bytes:
    """The flight recorder's lines of one tensor, step by step; NaN between two writings.

    Raises:
        NotFoundError: nothing of that kind and tensor was measured.
    """
    try:
        steps, values = query_steps(histories, kind, tensor)
    except KeyError:
        raise missing(run, kind, tensor) from None
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
    """The distribution of |x| of one tensor over the training; bins by power of two, the first has no edge.

    Raises:
        NotFoundError: nothing of that kind and tensor was measured.
    """
    try:
        starting, shares = query_magnitudes(histories, kind, tensor, steps, width)
    except KeyError:
        raise missing(run, kind, tensor) from None
    # The lowest bin is open; for drawing it gets the width of the others.
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
    how: Reduction,
) -> bytes:
    """A statistic of every tensor of a kind over the training, in forward order, row by row."""
    image = query_heatmap(histories, kind, column, steps, width, how)
    header: Json = {
        "schema": "gradhealth.heatmap/1",
        "run": run,
        "kind": kind,
        "column": column,
        "reduce": how,
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


def missing(run: str, kind: str, tensor: str) -> NotFoundError:
    """That a run has no such tensor."""
    return NotFoundError(f"run {run[:200]!r} has no {kind} of a tensor {tensor[:200]!r}")
