"""How well a training did: its metric, its value by chance, and that of a learner of scikit-learn."""

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tb_gradhealth.demo.random_zoo.tasks import VOCABULARY, Head, Task

ENOUGH: Final = 600
"""Number of samples for the reference learners."""


def metric(head: Head, targets: npt.NDArray, predictions: npt.NDArray) -> float:
    """Balanced accuracy of classes, R² of numbers; NaN where all targets are equal.

    Args:
        head: the prediction's target.
        targets: of some samples.
        predictions: scores [samples, classes], or numbers of the targets' shape.
    """
    if not np.isfinite(predictions).all():
        return -1.0
    if head.kind == "classes":
        return _balanced(targets, predictions.argmax(axis=-1))
    return _explained(targets, predictions)


def chance(head: Head) -> float:
    """The metric of a constant prediction."""
    return 1 / np.unique(head.targets).size if head.kind == "classes" else 0.0


def reference(task: Task, head: Head) -> float:
    """The metric of the better of a linear model and a forest, on samples that it was not fitted to.

    For targets with many numbers (a reconstruction), the variance explained by four principal components.
    """
    chosen = np.random.default_rng(0).permutation(len(task.inputs))[:ENOUGH]
    inputs, targets = _flat(task)[chosen], head.targets[chosen]
    if np.unique(targets).size < 2 or not np.isfinite(inputs).all():
        return float("nan")
    if head.kind == "numbers" and head.size > 1:
        flat = targets.reshape(len(targets), -1)
        components = PCA(min(4, flat.shape[1]), random_state=0).fit(flat)
        return _explained(flat, components.inverse_transform(components.transform(flat)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer samples than folds, fits that end early
        return max(_cross_validated(learner, inputs, targets, head) for learner in _learners(head))


def _learners(head: Head) -> Sequence[object]:
    if head.kind == "classes":
        return (
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=100)),
            RandomForestClassifier(40, min_samples_leaf=2, random_state=0),
        )
    return (
        make_pipeline(StandardScaler(), Ridge()),
        RandomForestRegressor(20, min_samples_leaf=2, max_features=0.5, random_state=0),
    )


def _cross_validated(learner: object, inputs: npt.NDArray, targets: npt.NDArray, head: Head) -> float:
    flat = targets if head.kind == "classes" else targets.ravel()
    predicted = cross_val_predict(learner, inputs, flat, cv=3)
    return _balanced(flat, predicted) if head.kind == "classes" else _explained(flat, predicted)


def _flat(task: Task) -> npt.NDArray:
    """Inputs as a table; tokens one-hot encoded."""
    if task.tokens:
        return np.eye(VOCABULARY)[task.inputs].reshape(len(task.inputs), -1)
    return task.inputs.reshape(len(task.inputs), -1).astype(np.float64)


def _balanced(targets: npt.NDArray, predicted: npt.NDArray) -> float:
    """The mean over the classes of the recall of each."""
    labels = np.unique(targets)
    return float(np.mean([(predicted[targets == label] == label).mean() for label in labels]))


def _explained(targets: npt.NDArray, predicted: npt.NDArray) -> float:
    """1 - squared error / squared deviation from the mean, over all numbers together."""
    targets, predicted = targets.astype(np.float64), predicted.astype(np.float64)
    spread = np.square(targets - targets.mean(axis=0)).sum()
    if spread == 0:
        return float("nan")
    with np.errstate(over="ignore"):
        return float(np.clip(1 - np.square(targets - predicted).sum() / spread, -1e6, 1.0))
