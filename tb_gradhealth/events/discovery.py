"""A log directory to its runs and their event files, named as TensorBoard names them.

This is the one place that walks directories; a remote file system would be another walk here and
another way to open a file in `tail`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tb_gradhealth.events.problems import Problem, ProblemLog

RECORDER_FOLDER: Final = "gradhealth"
"""A recorder's own folder; what lies in it belongs to the run around it."""

MAX_FOLDERS: Final = 100_000
"""A link to ``/`` would be walked for ever."""


@dataclass(frozen=True)
class Root:
    """A directory to look for runs in.

    Attributes:
        path: of the local file system.
        name: the group its runs are named below (``--logdir_spec name:path``), None for no group.
    """

    path: str
    name: str | None = None


@dataclass(frozen=True)
class EventFile:
    """One event file of a run.

    Attributes:
        path: where to open it.
        shown: its path relative to the log directory, below the group's name where there is one.
        recorder: whether it lies in a recorder's own folder.
    """

    path: str
    shown: str
    recorder: bool

    @property
    def order(self) -> tuple[str, str]:
        """Sorts a run's files: their names begin with the second they were made in."""
        return (os.path.basename(self.path), self.path)


@dataclass(frozen=True)
class Discovery:
    """What lies below the roots now.

    Attributes:
        runs: each run's event files in order, the runs sorted by name.
        missing: roots that do not exist, as given; they may appear later.
        problems: folders that could not be listed and the like.
    """

    runs: dict[str, tuple[EventFile, ...]]
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]


def discover(roots: Sequence[Root]) -> Discovery:
    """Walk the roots. Linked folders are followed, unless they lead back to where they lie."""
    runs: dict[str, list[EventFile]] = {}
    missing: list[str] = []
    log = ProblemLog()
    for root in roots:
        shown = root.name or root.path
        if "://" in root.path:
            log.add(shown, "remote", None, "only log directories of the local file system can be read")
        elif not os.path.exists(root.path):
            missing.append(root.path)
        elif not os.path.isdir(root.path):
            log.add(shown, "file", None, "is a file, a log directory is needed")
        else:
            found: dict[str, list[EventFile]] = {}
            for run, file in _walk(root, log):
                found.setdefault(run, []).append(file)
            for run in found.keys() & runs.keys():
                log.add(
                    run,
                    "twice",
                    None,
                    f"two log directories have a run of this name, the one in {root.path} is left out",
                )
            runs = {**found, **runs}
    ordered = {run: tuple(sorted(runs[run], key=lambda file: file.order)) for run in sorted(runs)}
    return Discovery(ordered, tuple(missing), log.problems())


def _walk(root: Root, log: ProblemLog) -> Iterator[tuple[str, EventFile]]:
    """Each event file below the root with the name of its run."""
    start = os.path.realpath(root.path)
    # Of each folder: its name from the root, and the real folders on the way to it.
    waiting: list[tuple[str, tuple[str, ...]]] = [("", (start,))]
    for _ in range(MAX_FOLDERS):
        if not waiting:
            return
        folder, way = waiting.pop()
        path = os.path.join(root.path, folder) if folder else root.path
        shown = os.path.join(root.name or "", folder)
        try:
            with os.scandir(path) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            log.add(shown, "folder", None, f"cannot be listed: {error.strerror}")
            continue
        for entry in entries:
            if _is_folder(entry):
                real = (
                    os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(way[-1], entry.name)
                )
                if real not in way:
                    waiting.append((os.path.join(folder, entry.name), (*way, real)))
            elif "tfevents" in entry.name:
                run, recorder = _run_of(folder)
                if root.name is not None:
                    run = os.path.join(root.name, run)
                yield run, EventFile(entry.path, os.path.join(shown, entry.name), recorder)
    log.add(
        root.name or "", "folders", None, f"more than {MAX_FOLDERS} folders, the others were not looked into"
    )


def _run_of(folder: str) -> tuple[str, bool]:
    """The run that a folder's files belong to, and whether the folder is a recorder's own."""
    recorder = False
    while os.path.basename(folder) == RECORDER_FOLDER:
        folder, recorder = os.path.dirname(folder), True
    return folder or ".", recorder


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
