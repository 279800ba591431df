"""Trainings that nobody looks at while tuning: they say what the rules do where nobody bent them.

The zoo with other seeds (see `reseeding`), and here networks of other kinds with faults of the same kinds.
"""

from tb_gradhealth.demo.zoo.held_out import broken_networks, healthy_networks

FAMILIES = (broken_networks, healthy_networks)
