"""What the logs of an epoch say of all of it.

Keras fills them with what its metrics came to, if the training step returns these names, else with what the
last batch returned. Where a training step of one's own returns a name that a metric has, but never updates
the metric, the log is what an empty metric says: 0. Only what is known to hold for the whole epoch is one of
its values.
"""

from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np

VALIDATION: Final = "val_"

TOLERANCE: Final = 1e-4
"""Relative difference up to which two logs are the same: one of them may have been rounded to float32."""


def epoch_values(model: Any, logs: Mapping[str, Any], last_batch: Mapping[str, Any]) -> dict[str, Any]:
    """The logs that were taken over the whole epoch.

    Args:
        model: the Keras model.
        logs: what `fit` gives its callbacks at the end of an epoch.
        last_batch: what it gave them at the end of the epoch's last batch: by then a metric that is updated
        has
            come to what it is at the end of the epoch.
    """
    if type(model).train_step is keras.Model.train_step:
        return dict(logs)
    validation = {name: value for name, value in logs.items() if name.startswith(VALIDATION)}
    training = {name: value for name, value in logs.items() if name not in validation}
    if set(training) != set(model.get_metrics_result()):
        return validation
    known = {name: value for name, value in training.items() if _same(value, last_batch.get(name))}
    return {**known, **validation}


def _same(value: Any, other: Any) -> bool:
    try:
        return bool(np.isclose(float(value), float(other), rtol=TOLERANCE, atol=0, equal_nan=True))
    except (TypeError, ValueError):
        return False
