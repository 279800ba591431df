"""The command line `gradhealth`, with one file per command.

They are `check`, `completion`, `demo`, `export`, `prune`, `rules`, `score` and `watch`, listed in
``commands`` and imported by ``lazy_group`` when they are used. Each parses its options and calls
``monitor``, ``fleet``,
``report``, ``retention``, ``rules``, ``scoring``, ``watch`` or ``demo``. ``score_random`` is
``score --random``, ``receivers`` belongs to ``watch``, ``prune_output`` to ``prune``. Shared by all:
``settings`` (files), ``epilog`` (the end of the help), ``output`` (files that appear whole), ``progress``
(bars on terminals), ``framework`` (the packages that training needs).
"""

from tb_gradhealth.cli.main import main

__all__ = ["main"]
