"""How numbers leave a training step: one folder per framework.

Each finds the tensors worth measuring, names them and their place in the network, condenses each to
one row of statistics, and writes the rows as `tb_gradhealth.record` describes.

The room has the name of a public function, so it is callable: ``gradhealth.capture(model)`` is
`tb_gradhealth.capture.tensorflow.capture`, whichever of the two was imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from tb_gradhealth.capture.tensorflow import capture

        return capture(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
