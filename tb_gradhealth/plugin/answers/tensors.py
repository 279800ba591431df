"""`tensors` and `states`: what of the network is measured, and what each symptom says of it."""

from tb_gradhealth.health import SymptomState
from tb_gradhealth.health.series import derived_of
from tb_gradhealth.monitor import Snapshot
from tb_gradhealth.plugin.answers.json_values import Json, number
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.record.columns import MAGNITUDES, STATISTICS


def tensors_answer(snapshot: Snapshot, name: str) -> Json:
    """Every measured tensor of a run and the columns it has, in forward order.

    Raises:
        NotFoundError: there is no such run.
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
    """What each symptom says of each tensor as of the last record, and why.

    Raises:
        NotFoundError: there is no such run.
    """
    wanted = [
        state
        for state in snapshot.run(name).health.states()
        if tensor in (None, state.tensor) and symptom in (None, state.symptom)
    ]
    return {
        "schema": "gradhealth.states/1",
        "run": name,
        "total": len(wanted),
        "states": [_state(state) for state in wanted[offset : offset + limit]],
    }


def _tensor(row: Row, table: RowTable) -> Json:
    written = () if row.not_measured else table.layouts.get(row.kind, table.columns)
    magnitudes = set(MAGNITUDES) <= set(written)
    return {
        "tensor": row.tensor,
        "layer": row.layer,
        "kind": row.kind,
        "role": row.role,
        "depth": row.depth,
        "shape": list(row.shape),
        "dtype": row.dtype,
        "activation": row.activation,
        "columns": [column for column in STATISTICS if column in written],
        "magnitudes": magnitudes,
        "derived": derived_of(row, magnitudes),
        "not_measured": row.not_measured,
        "sampled": row.sampled,
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
