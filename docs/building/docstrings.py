"""Griffe's extension: docstrings as Markdown, and defaults as values."""

import re
from typing import Any, Final

import griffe

_LITERAL: Final = re.compile(r"^( *)(\S.*)::$", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Changes what the pages of the API show of the source."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Mark the line before an indented block, which Markdown takes for code by itself."""
        if obj.docstring is not None:
            obj.docstring.value = _LITERAL.sub(r"\1**\2**", obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: Any) -> None:
        """Replace a named constant by its value where it is the default of a parameter."""
        for function in _functions(pkg):
            for parameter in function.parameters:
                if isinstance(parameter.default, griffe.ExprName):
                    parameter.default = _value(pkg, parameter.default) or parameter.default


def _functions(parent: griffe.Object) -> list[griffe.Function]:
    found = []
    for member in parent.members.values():
        if isinstance(member, griffe.Function):
            found.append(member)
        elif isinstance(member, griffe.Module | griffe.Class):
            found += _functions(member)
    return found


def _value(package: griffe.Module, name: griffe.ExprName) -> str | None:
    """The value of a constant of the package; None for anything else."""
    path = name.canonical_path
    if not path.startswith(f"{package.path}."):
        return None
    try:
        constant = package[path.removeprefix(f"{package.path}.")]
    except KeyError:
        return None
    return str(constant.value) if isinstance(constant, griffe.Attribute) and constant.value else None
