"""The probe's measurements of one training: plain arrays, stored next to its log."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FILE: Final = "measured.npz"
"""Name of the file, in the folder of a training."""


@dataclass(frozen=True)
class Variable:
    """A trainable variable.

    Attributes:
        path: its name in the model.
        matrix: whether it has two axes or more.
        embedding: whether it is a table of which a batch uses some rows.
        size: number of elements.
        connected: whether the tape finds a path from the loss to it.
    """

    path: str
    matrix: bool
    embedding: bool
    size: int
    connected: bool


@dataclass(frozen=True)
class Tap:
    """A layer whose outputs are measured.

    Attributes:
        layer: its name.
        function: its activation function's name, empty without.
        output: whether it is one of the model's outputs.
    """

    layer: str
    function: str
    output: bool


@dataclass(frozen=True)
class Measurements:
    """The measurements of one training: float64, with s steps, p looks, v variables, l taps and h heads.

    The values of a step are those of its own batch with the weights before the step. A look evaluates the
    network on a fixed sample of the training data, after every few steps, and once before the first.

    Attributes:
        variables: in the model's order.
        taps: from input to output.
        loss: [s], of the batch as computed by the training, in float32.
        gradient: [s, v], RMS, computed in float64, before clipping; 0 where not connected.
        peak: [s, l], largest magnitude of the outputs.
        input_finite: [s], 1 where the batch's inputs and targets are finite.
        looked: [p], number of steps before each look.
        sample_loss: [p].
        sample_gradient: [p, v], RMS.
        weight: [p, v], RMS.
        changed: [p, v], share of the elements that differ from those of the look before.
        arriving: [p, l], norm of the loss's gradient with respect to the outputs.
        dead: [p, l], share of ReLU units that are 0 throughout the sample; NaN for other functions.
        saturated: [p, l], share of units of a function with two flat ends with over 95 % of the outputs in
            the outer 3 % of its range; NaN for others.
        leaning: [p, l], likewise with over 80 % in the outer 6 %.
        metric: [p, h], balanced accuracy or R² of each head on the sample.
        final: [h], on all training data after the last step; the better of training mode and inference mode.
        chance: [h], what a constant prediction reaches.
        reference: [h], what a learner of scikit-learn reaches on data it was not fitted to.
        constant_loss: of the best constant prediction, the sum over heads; NaN where not known.
        input_scale: [2], RMS of the inputs, and the ratio of the largest to the median feature's deviation.
    """

    variables: tuple[Variable, ...]
    taps: tuple[Tap, ...]
    loss: Floats
    gradient: Floats
    peak: Floats
    input_finite: Floats
    looked: Floats
    sample_loss: Floats
    sample_gradient: Floats
    weight: Floats
    changed: Floats
    arriving: Floats
    dead: Floats
    saturated: Floats
    leaning: Floats
    metric: Floats
    final: Floats
    chance: Floats
    reference: Floats
    constant_loss: Floats
    input_scale: Floats

    @property
    def steps(self) -> int:
        """Number of steps of the training."""
        return int(self.loss.size)

    def save(self, path: Path) -> None:
        """Write the measurements into one file."""
        words = json.dumps([list(map(asdict, self.variables)), list(map(asdict, self.taps))])
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.type is Floats}
        with path.open("wb") as file:
            np.savez_compressed(file, words=np.array(words), **arrays)

    @classmethod
    def load(cls, path: Path) -> "Measurements":
        """Read a file written by `save`."""
        with np.load(path) as file:
            variables, taps = json.loads(str(file["words"]))
            arrays = {name: file[name] for name in file.files if name != "words"}
        return cls(
            tuple(Variable(**each) for each in variables), tuple(Tap(**each) for each in taps), **arrays
        )
