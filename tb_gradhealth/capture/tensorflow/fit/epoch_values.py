"""Selects the logs of an epoch that hold for the whole epoch.

Keras fills the logs with the results of the metrics if the training step returns their names, else with the
values of the last batch. If a custom training step returns the name of a metric that it never updates, the
log is the result of an empty metric: 0.
"""

from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np

VALIDATION: Final = "val_"

TOLERANCE: Final = 1e-4
"""Relative difference up to which two logs are equal: one of them may be rounded to float32."""


def epoch_values(model: Any, logs: Mapping[str, Any], last_batch: Mapping[str, Any]) -> dict[str, Any]:
    """The logs that hold for the whole epoch.

    Args:
        model: the Keras model.
        logs: the logs of the epoch.
        last_batch: the logs of the epoch's last batch, in which a metric that is updated has its value at the
            end of the epoch.
    """
    if type(model).train_step is keras.Model.train_step:
        return dict(logs)
    validation = {name: value for name, value in logs.items() if name.startswith(VALIDATION)}
    training = {name: value for name, value in logs.items() if name not in validation}
    if set(training) != set(model.get_metrics_result()):
        return validation
    whole = {name: value for name, value in training.items() if _is_close(value, last_batch.get(name))}
    return {**whole, **validation}


def _is_close(value: Any, other: Any) -> bool:
    try:
        return bool(np.isclose(float(value), float(other), rtol=TOLERANCE, atol=0, equal_nan=True))
    except (TypeError, ValueError):
        return False
