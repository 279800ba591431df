"""Small real data that scikit-learn ships inside the package, scaled to about unit variance."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import datasets


class Table(NamedTuple):
    """Inputs, float32 of shape [samples, ...] (token numbers are int32), and one target for each sample."""

    inputs: npt.NDArray
    targets: npt.NDArray


@cache
def digits() -> Table:
    """1,797 handwritten digits as 64 numbers from 0 to 1, ten classes (UCI, E. Alpaydin, 1998)."""
    images, labels = datasets.load_digits(return_X_y=True)
    return Table((images / 16).astype(np.float32), labels.astype(np.int32))


def digit_images() -> Table:
    """The same as images of 8 × 8 pixels and one channel."""
    images, labels = digits()
    return Table(images.reshape(-1, 8, 8, 1), labels)


def digit_rows() -> Table:
    """The same as sequences of 8 rows of 8 pixels."""
    images, labels = digits()
    return Table(images.reshape(-1, 8, 8), labels)


def digit_pixels() -> Table:
    """The same as sequences of 64 pixels."""
    images, labels = digits()
    return Table(images.reshape(-1, 64, 1), labels)


def digits_themselves() -> Table:
    """Digits as their own targets."""
    images, _ = digits()
    return Table(images, images)


def images_themselves() -> Table:
    """The same as images."""
    images, _ = digit_images()
    return Table(images, images)


@cache
def iris() -> Table:
    """150 flowers, 4 measures, three classes (R. A. Fisher, 1936)."""
    return _classes(datasets.load_iris)


@cache
def wine() -> Table:
    """178 wines, 13 measures, three classes (UCI, M. Forina et al.)."""
    return _classes(datasets.load_wine)


@cache
def tumours() -> Table:
    """569 breast tumours, 30 measures, two classes (UCI, W. H. Wolberg et al., 1995)."""
    return _classes(datasets.load_breast_cancer)


@cache
def diabetes() -> Table:
    """442 patients, 10 measures, the disease's progress after a year (B. Efron et al., 2004)."""
    inputs, targets = datasets.load_diabetes(return_X_y=True)
    return Table(_standard(inputs), _standard(targets.reshape(-1, 1)))


def _classes(load) -> Table:  # noqa: ANN001
    inputs, labels = load(return_X_y=True)
    return Table(_standard(inputs), labels.astype(np.int32))


def _standard(columns: npt.NDArray) -> npt.NDArray:
    return ((columns - columns.mean(0)) / columns.std(0)).astype(np.float32)
