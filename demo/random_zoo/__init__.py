"""Trainings drawn at random, for `gradhealth score --random`, with the truth about each from a probe.

``plan`` draws one, ``tasks``, ``networks`` and ``optimizers`` build it, ``faults`` spoils it. ``witness``
measures it with a float64 twin while it trains, ``reference`` says what could be learned, and ``truth``
calls its symptoms by definitions of its own: nothing that judges here knows what was drawn.
"""
