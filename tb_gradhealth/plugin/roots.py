"""TensorBoard's flags to the directories that are watched."""

import os
import re

from tb_gradhealth.events import Root

_URI = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://.*")


def roots_of(logdir: str, logdir_spec: str = "") -> tuple[Root, ...]:
    """The roots that ``--logdir`` or ``--logdir_spec`` name; TensorBoard allows one of the two.

    The second is read as TensorBoard's ``data_ingester`` reads it: ``name:path`` or ``path``, comma
    between them; a path that begins with ``/`` or a scheme is never a name.
    """
    if logdir:
        return (Root(_local(logdir)),)
    if not logdir_spec:
        return ()
    named: dict[str, str | None] = {}
    for part in logdir_spec.split(","):
        name, path = _split(part)
        named[_local(path)] = name
    return tuple(Root(path, name) for path, name in named.items())


def _split(part: str) -> tuple[str | None, str]:
    if ":" not in part or part.startswith("/") or _URI.match(part) or os.path.splitdrive(part)[0]:
        return None, part
    name, _, path = part.partition(":")
    return name, path


def _local(path: str) -> str:
    return path if _URI.match(path) else os.path.realpath(os.path.expanduser(path))
