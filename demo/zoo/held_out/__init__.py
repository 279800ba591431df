"""Trainings that are not used for tuning the rules, to measure how well the rules generalize.

The zoo with other seeds (see `reseeding`), and here networks of other kinds (``healthy_networks``), with
faults of the same kinds (``broken_networks``).
"""

from tb_gradhealth.demo.zoo.held_out import broken_networks, healthy_networks

FAMILIES = (broken_networks, healthy_networks)
