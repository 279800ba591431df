"""The state of a recording that a training step carries: a tree of arrays."""

from dataclasses import dataclass, fields

import jax
import jax.numpy as jnp


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class State:
    """What `Watch.observe` returns and takes in the next step; on the device.

    Attributes:
        counters: the numbers of `Counters`, int32 [counters].
        steps: the flight recorder, float32 [size, watched rows].
        numbers: its step numbers, counted from 1, int32 [size]; 0 marks an unused slot.
        limits: the size from which each step statistic trips a record, float32 [watched rows].
        payloads: by slot, the values of the step with the record, float32 [2, elements].
        unit_peaks: the largest output of each ReLU-like unit in the window, float32 [units].
        update: the last measured update, if gradients are accumulated, float32 [elements].
    """

    counters: jax.Array
    steps: jax.Array
    numbers: jax.Array
    limits: jax.Array
    payloads: jax.Array
    unit_peaks: jax.Array
    update: jax.Array


@dataclass(frozen=True)
class Counters:
    """The whole numbers of a state: int32 scalars in a step, numbers on the host.

    Attributes:
        step_count: steps so far.
        watch_every: one step in so many is watched.
        record_every: one record of the cadence in so many is made.
        next_watched: number of the next step that is watched in any case.
        watched_count: watched steps so far.
        scheduled_number: number of the step with the newest record of the cadence, 0 before the first.
        tripped_number: that of the newest record that a trip caused.
        scheduled_pending: 1 if the host has not read that record of the cadence yet, else 0.
        tripped_pending: likewise for the one that a trip caused.
        unit_batches: number of batches in the window of the units.
        update_number: number of the step of the last measured update, 0 before the first.
    """

    step_count: jax.Array
    watch_every: jax.Array
    record_every: jax.Array
    next_watched: jax.Array
    watched_count: jax.Array
    scheduled_number: jax.Array
    tripped_number: jax.Array
    scheduled_pending: jax.Array
    tripped_pending: jax.Array
    unit_batches: jax.Array
    update_number: jax.Array

    @classmethod
    def first(cls) -> jax.Array:
        """The packed numbers before the first step, int32 [counters]."""
        ones = ("watch_every", "record_every")
        return jnp.array([int(each.name in ones) for each in fields(cls)], jnp.int32)

    @classmethod
    def of(cls, packed: jax.Array) -> "Counters":
        """The numbers in an array, int32 [counters]."""
        return cls(*(packed[index] for index in range(len(fields(cls)))))

    def packed(self) -> jax.Array:
        """The numbers as an array, int32 [counters]."""
        return jnp.stack([jnp.asarray(getattr(self, each.name), jnp.int32) for each in fields(self)])
