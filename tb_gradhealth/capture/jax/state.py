"""The state of a recording that a training step carries: a tree of arrays."""

from dataclasses import dataclass

import jax


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class State:
    """What `Watch.observe` returns and takes in the next step; on the device.

    Attributes:
        step_count: steps so far, int32 scalar.
        pace: one step in the first number is watched, and one record of the cadence in the second is made;
            int32 [2].
        next_watched: number of the next step that is watched in any case, int32 scalar.
        watched_count: watched steps so far, int32 scalar.
        steps: the flight recorder, float32 [size, watched rows].
        numbers: its step numbers, counted from 1, int32 [size]; 0 marks an unused slot.
        limits: the size from which each step statistic trips a record, float32 [watched rows].
        record_numbers: by slot, the number of the step with the newest record, 0 before the first, int32 [2].
        pending: by slot, whether the host has not read the record yet, bool [2].
        payloads: by slot, the values of the step with the record, float32 [2, elements].
        unit_peaks: the largest output of each ReLU-like unit in the window, float32 [units].
        unit_batches: number of batches in the window, int32 scalar.
        update: the last measured update, if gradients are accumulated, float32 [elements].
        update_number: number of its step, 0 before the first, int32 scalar.
    """

    step_count: jax.Array
    pace: jax.Array
    next_watched: jax.Array
    watched_count: jax.Array
    steps: jax.Array
    numbers: jax.Array
    limits: jax.Array
    record_numbers: jax.Array
    pending: jax.Array
    payloads: jax.Array
    unit_peaks: jax.Array
    unit_batches: jax.Array
    update: jax.Array
    update_number: jax.Array
