"""Records a training: one folder per framework, and what all frameworks share.

A framework's folder selects the tensors of a step, describes them by rows, and measures them. The shared
modules compute the statistics and write them in the format of `tb_gradhealth.record`.

The package has the name of a public function, so it is callable: ``gradhealth.capture(model)`` is
`tb_gradhealth.capture.tensorflow.capture`, whichever of the two is imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from tb_gradhealth.capture.tensorflow import capture

        return capture(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
