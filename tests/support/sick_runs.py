"""Writes event files of trainings with many faults, from `troubled`."""

import numpy as np
from run_log import RunLog
from troubled import Troubled, network

from tb_gradhealth.record import RowTable


def write_sick_run(folder, seed, records=120) -> RowTable:
    """A run with a loss, and with many incidents."""
    for attempt in range(100):
        generator = np.random.default_rng([seed, attempt])
        table = network(generator)
        if len(table.rows) > 20 and any(row.kind == "loss" for row in table.rows):
            break
    training = Troubled(generator)
    training.calm = False
    with RunLog(folder, table) as log:
        for number in range(records):
            log.matrix(10 * number, training.values(table))
    return table
