"""Over a hundred small trainings whose health is known, for `gradhealth score`.

* ``healthy/`` holds networks that learn, ``broken/`` networks with one planted fault each, dosed from barely
  to badly, ``held_out/`` those that are not used for tuning the rules (with ``reseeding``). Each file is a
  family of variants. ``catalogue`` lists them all; ``cases`` adds those of a user's folder.
* ``training`` is the type of a training. ``fitting`` trains with `fit`, ``looping`` with a custom loop,
  ``planting`` plants faults while it trains. ``tables``, ``sequences`` and ``blocks`` hold shared data and
  networks.
* ``run`` trains them in ``worker`` processes.

Every step is watched (``overhead=None``), so that a score does not depend on the load of the machine.
"""
