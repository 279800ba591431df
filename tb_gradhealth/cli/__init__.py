"""The command line `gradhealth`, with one file per command.

They are `check`, `demo`, `export`, `prune`, `rules` and `score`. Each command parses its options and calls
``monitor``, ``report``, ``retention``, ``rules``, ``scoring`` or ``demo``. ``score_random`` is
``score --random``; ``prune_output`` prints plans of ``prune``; ``framework`` checks for the packages that
training needs.
"""

from tb_gradhealth.cli.main import main

__all__ = ["main"]
