"""The command line: `gradhealth check` for pipelines, `gradhealth demo` to see the tab alive.

Thin: each command parses its options and leaves the work to ``monitor`` or to ``demo``.
"""

from tb_gradhealth.cli.main import main

__all__ = ["main"]
