"""Random trainings for `gradhealth score --random`, with labels measured by a probe.

* ``plan`` draws a training; ``tasks``, ``networks``, ``losses`` and ``optimizers`` build it, ``faults``
  plants faults.
* ``training`` trains it in a ``worker`` process (``run``, ``pool``); ``probe`` measures it with a float64
  twin meanwhile (``measurements``).
* ``truth`` derives the label from the measurements by definitions of its own (``signs``, ``network_signs``,
  ``loss_signs``, ``spike_signs``), without the plan; ``reference`` is what a reference learner reaches.
* ``judging`` replays the logs, ``cases`` makes labels for the score.
"""
