"""Statistics of many tensors over many steps, as NumPy arrays, and the same for pandas and xarray."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Statistics:
    """Some statistics of the tensors of one kind, one row per step.

    Attributes:
        kind: kind of the tensors, such as ``"gradient"``.
        steps: training steps, int64 [steps], increasing.
        wall_times: seconds since the epoch when each was written, float64 [steps].
        tensors: names, from the input to the output of the network.
        layers: the layer of each tensor.
        names: of the statistics, such as ``"rms"``.
        values: float32 [steps, tensors, statistics]; NaN where a tensor was not measured in a step.
    """

    kind: str
    steps: npt.NDArray[np.int64]
    wall_times: npt.NDArray[np.float64]
    tensors: tuple[str, ...]
    layers: tuple[str, ...]
    names: tuple[str, ...]
    values: npt.NDArray[np.float32]

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        """One statistic of all tensors, float32 [steps, tensors].

        Raises:
            KeyError: it was not read; the message lists those that were.
        """
        return self.values[:, :, _index(name, self.names, "statistic")]

    def of(self, tensor: str) -> dict[str, npt.NDArray[np.float32]]:
        """All statistics of one tensor by name, each float32 [steps].

        Raises:
            KeyError: there is no such tensor; the message lists those there are.
        """
        column = _index(tensor, self.tensors, "tensor")
        return {name: self.values[:, column, index] for index, name in enumerate(self.names)}

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with one row per step and tensor, and one column per statistic.

        Raises:
            ImportError: pandas is not installed.
        """
        pandas = optional("pandas")
        index = pandas.MultiIndex.from_product([self.steps, self.tensors], names=["step", "tensor"])
        table = self.values.reshape(-1, len(self.names))
        return pandas.DataFrame(table, index=index, columns=list(self.names))

    def to_xarray(self) -> "xr.Dataset":
        """A dataset with one variable per statistic, each over ``step`` and ``tensor``.

        Raises:
            ImportError: xarray is not installed.
        """
        return optional("xarray").Dataset(
            {name: (("step", "tensor"), self[name]) for name in self.names},
            coords={
                "step": self.steps,
                "tensor": list(self.tensors),
                "layer": ("tensor", list(self.layers)),
                "wall_time": ("step", self.wall_times),
            },
            attrs={"kind": self.kind},
        )


def _index(name: str, names: tuple[str, ...], what: str) -> int:
    if name not in names:
        raise KeyError(f"there is no {what} {name!r}; there are {', '.join(names) or 'none'}")
    return names.index(name)


def optional(package: str) -> Any:
    """A package of the extra ``analysis``.

    Raises:
        ImportError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{package} is not installed: pip install 'tb_gradhealth[analysis]'", name=package
        ) from error
