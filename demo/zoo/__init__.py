"""Over a hundred small trainings whose health is known, for `gradhealth score`.

``healthy/`` holds networks that learn, ``broken/`` networks with one fault each, planted by construction
and dosed from barely to badly. A file is a family: one idea, a few variants. ``catalogue`` has them all.

Every step is watched (``overhead=None``), so that a score does not depend on how busy the machine is.
"""
