"""Formats `tensors` and `states`: the measured tensors, and the state of each symptom of each tensor."""

from tb_gradhealth.health import SymptomState
from tb_gradhealth.health.series import derived_of
from tb_gradhealth.monitor import Snapshot
from tb_gradhealth.plugin.answers.json_values import Json, number
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.record.columns import MAGNITUDES, STATISTICS


def tensors_answer(snapshot: Snapshot, name: str) -> Json:
    """The tensors of a run with their columns, in forward order.

    Raises:
        NotFoundError: the run does not exist.
    """
    listed = []
    for history in snapshot.run(name).health.histories():
        newest = history.newest()
        if newest is not None:
            listed += [_tensor(row, newest.table) for row in sorted(history.rows, key=_forward)]
    return {"schema": "gradhealth.tensors/1", "run": name, "tensors": listed}


def states_answer(
    snapshot: Snapshot, name: str, tensor: str | None, symptom: str | None, offset: int, limit: int
) -> Json:
    """The state of each symptom of each tensor as of the last record, with the reason.

    Raises:
        NotFoundError: the run does not exist.
    """
    selected = [
        state
        for state in snapshot.run(name).health.states()
        if tensor in (None, state.tensor) and symptom in (None, state.symptom)
    ]
    return {
        "schema": "gradhealth.states/1",
        "run": name,
        "total": len(selected),
        "states": [_state(state) for state in selected[offset : offset + limit]],
    }


def _tensor(row: Row, table: RowTable) -> Json:
    columns = () if row.not_measured else table.layouts.get(row.kind, table.columns)
    has_magnitudes = set(MAGNITUDES) <= set(columns)
    return {
        "tensor": row.tensor,
        "layer": row.layer,
        "kind": row.kind,
        "role": row.role,
        "depth": row.depth,
        "shape": list(row.shape),
        "dtype": row.dtype,
        "activation": row.activation,
        "columns": [column for column in STATISTICS if column in columns],
        "magnitudes": has_magnitudes,
        "derived": derived_of(row, has_magnitudes),
        "not_measured": row.not_measured,
        "sampled": row.sampled,
        "output": row.output,
        "inputs": list(row.inputs),
        "between": row.between,
    }


def _forward(row: Row) -> int:
    return row.depth


def _state(state: SymptomState) -> Json:
    return {
        "symptom": state.symptom,
        "kind": state.kind,
        "tensor": state.tensor,
        "layer": state.layer,
        "state": state.state,
        "reason": state.reason,
        "value": number(state.value),
        "threshold": number(state.threshold),
    }
