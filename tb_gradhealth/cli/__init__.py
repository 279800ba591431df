"""The command line `gradhealth`, with one file per command.

They are `check`, `demo`, `export`, `rules` and `score`. Each command parses its options and calls
``monitor``, ``report``, ``rules``, ``scoring`` or ``demo``. ``score_random`` is ``score --random``;
``framework`` checks for the packages that training needs.
"""

from tb_gradhealth.cli.main import main

__all__ = ["main"]
