"""The command line: `check` for pipelines, `demo` to see the tab alive, `score` to see how right it is.

Thin: each command parses its options and leaves the work to ``monitor``, ``scoring`` or ``demo``.
"""

from tb_gradhealth.cli.main import main

__all__ = ["main"]
