"""The tensors of one step by the keys of their rows, from the trees that a step has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.jax.selecting.trees import Leaf, batches, outputs, parameters
from tb_gradhealth.record import Kind

DESCRIBED_BY: Final[Mapping[Kind, str]] = {
    "clipped": "Watch(params, clipped=True)",
    "activation": "Watch(params, activations=...)",
    "input": "Watch(params, inputs=...)",
    "target": "Watch(params, targets=...)",
    "loss": "Watch(params, losses=[...])",
    "training": "Watch(params, training=[...])",
}
"""How tensors of a kind are described; the others are those of the parameters."""


class StepTensors:
    """Finds the tensors of a selection in the trees that `Watch.observe` receives."""

    def __init__(self, selection: Selection, ignored: frozenset[str]) -> None:
        """Prepare for a selection.

        Args:
            selection: the rows.
            ignored: names of outputs that are no rows.
        """
        self._selection = selection
        self._ignored = ignored

    def of_parameters(self, kind: Kind, argument: str, tree: Any) -> dict[Key, jax.Array]:
        """The tensors of a tree like that of the parameters; none for None."""
        return self._of_leaves(kind, argument, tree, parameters)

    def of_outputs(self, tree: Any) -> dict[Key, jax.Array]:
        """The layers' outputs in a tree; none for None."""
        return self._of_leaves("activation", "activations", tree, outputs)

    def of_batches(self, kind: Kind, tree: Any) -> dict[Key, jax.Array]:
        """The inputs or targets in a tree; none for None."""
        return self._of_leaves(kind, f"{kind}s", tree, lambda tree: batches(tree, kind))

    def of_numbers(self, kind: Kind, argument: str, values: Any) -> dict[Key, jax.Array]:
        """Scalars by name, or one that has the name of the argument; none for None."""
        by_name = values if isinstance(values, Mapping) else {argument: values}
        arrays = {str(name): jnp.asarray(value) for name, value in by_name.items() if value is not None}
        return self._found(kind, argument, arrays)

    def _of_leaves(
        self, kind: Kind, argument: str, tree: Any, leaves_of: Callable[[Any], Sequence[Leaf]]
    ) -> dict[Key, jax.Array]:
        if tree is None:
            return {}
        arrays = jax.tree_util.tree_leaves(tree)
        return self._found(kind, argument, {leaf.name: arrays[leaf.position] for leaf in leaves_of(tree)})

    def _found(self, kind: Kind, argument: str, arrays: Mapping[str, jax.Array]) -> dict[Key, jax.Array]:
        """The arrays by key, without those that are not measured.

        Raises:
            ValueError: one is not described, or has another shape.
        """
        found = {}
        for name, array in arrays.items():
            key: Key = (kind, name)
            shape = self._selection.shapes.get(key)
            if shape is None:
                if kind == "activation" and name in self._ignored:
                    continue
                described = DESCRIBED_BY.get(kind, "Watch(params) with all parameters")
                raise ValueError(
                    f"observe: {argument} has {name!r}, which the Watch does not describe; write {described}"
                )
            if tuple(array.shape) != shape:
                raise ValueError(
                    f"observe: {argument} has {name!r} of shape {tuple(array.shape)}; the Watch describes "
                    f"{shape}"
                )
            if key in self._selection.index:
                found[key] = array
        return found
