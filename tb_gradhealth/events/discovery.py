"""Finds the runs of a log directory and their event files, with the names that TensorBoard gives them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from tb_gradhealth.events.problems import Problem, ProblemLog
from tb_gradhealth.events.storage import FolderVersion, FoundFile, ListedFolder, Status, is_remote, storage_of

RECORDER_FOLDER: Final = "gradhealth"
"""Folder that a recorder writes into; its files belong to the run of the parent folder."""


@dataclass(frozen=True)
class Root:
    """A directory that is searched for runs.

    Attributes:
        path: a local path, or an address such as ``s3://bucket/logs``.
        name: prefix of its runs' names (``--logdir_spec name:path``), None for no prefix.
    """

    path: str
    name: str | None = None


@dataclass(frozen=True)
class EventFile:
    """One event file of a run.

    Attributes:
        path: path or address to open it by.
        shown: its path relative to the log directory, with the root's name in front where it has one.
        recorder: whether it lies in a recorder's folder.
        status: its status when it was found, where the walk provides it, else None.
    """

    path: str
    shown: str
    recorder: bool
    status: Status | None = field(default=None, compare=False)

    @property
    def order(self) -> tuple[str, str]:
        """Sort key of a run's files: their names begin with the time of their creation, in seconds."""
        return (os.path.basename(self.path), self.path)

    def current_status(self) -> Status:
        """The status of the file: that of the discovery, or read now.

        Raises:
            OSError: it is not accessible.
        """
        return self.status or storage_of(self.path).status(self.path)


@dataclass(frozen=True)
class Discovery:
    """The runs below the roots at one time.

    Attributes:
        runs: event files by run, in the order of `EventFile.order`; the runs are sorted by name.
        missing: roots that do not exist (yet), as given.
        problems: folders that could not be listed and the like.
        unlisted: folders that could not be listed, named as a run in them would be; runs below them that an
            earlier discovery found may still exist.
        folders: the version of each listed folder by its path; None where the result can change without a
            change of these folders.
    """

    runs: dict[str, tuple[EventFile, ...]]
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    unlisted: tuple[str, ...] = ()
    folders: Mapping[str, FolderVersion | None] | None = field(default=None, compare=False)

    def sessions(self, run: str) -> tuple[tuple[EventFile, ...], ...]:
        """The files of each run around a run, the nearest first: ``trial`` is around ``trial/train``."""
        return tuple(self.runs[str(name)] for name in PurePosixPath(run).parents if str(name) in self.runs)


def discover(roots: Sequence[Root]) -> Discovery:
    """Walk the roots and collect their event files by run."""
    runs: dict[str, list[EventFile]] = {}
    missing: list[str] = []
    unlisted: list[str] = []
    folders: dict[str, FolderVersion | None] = {}
    log = ProblemLog()
    for root in roots:
        shown = root.name or root.path
        try:
            kind = storage_of(root.path).kind(root.path)
        except OSError as error:
            log.add(shown, "root", None, f"cannot be accessed: {error.strerror or error}")
            unlisted.append(root.name or "")
            continue
        if not kind:
            missing.append(root.path)
        elif kind != "folder":
            log.add(shown, "file", None, "is a file, a log directory is needed")
        else:
            found: dict[str, list[EventFile]] = {}
            for item in storage_of(root.path).walk(root.path):
                if isinstance(item, ListedFolder):
                    folders[item.path] = item.version
                elif isinstance(item, FoundFile):
                    if "tfevents" in item.name:
                        run, file = _event_file(root, item)
                        found.setdefault(run, []).append(file)
                else:
                    folder, reason = item
                    log.add(os.path.join(root.name or "", folder), "folder", None, reason)
                    unlisted.append(
                        os.path.join(root.name or "", _run_of(folder)[0] if folder else "").rstrip("/")
                    )
            for run in found.keys() & runs.keys():
                log.add(
                    run,
                    "twice",
                    None,
                    f"two log directories have a run of this name, the one in {root.path} is left out",
                )
            runs = {**found, **runs}
    ordered = {run: tuple(sorted(runs[run], key=lambda file: file.order)) for run in sorted(runs)}
    problems = log.problems()
    only_folders_matter = not missing and not problems and not any(is_remote(root.path) for root in roots)
    return Discovery(
        ordered, tuple(missing), problems, tuple(unlisted), folders if only_folders_matter else None
    )


def _event_file(root: Root, found: FoundFile) -> tuple[str, EventFile]:
    """The name of a file's run, and the event file."""
    run, recorder = _run_of(found.folder)
    if root.name is not None:
        run = os.path.join(root.name, run)
    shown = os.path.join(root.name or "", found.folder, found.name)
    # Python represents names that are not UTF-8 with surrogates, which URLs and JSON cannot contain.
    run, shown = (
        name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for name in (run, shown)
    )
    return run, EventFile(found.path, shown, recorder, found.status)


def _run_of(folder: str) -> tuple[str, bool]:
    """The run of a folder's files, and whether the folder is a recorder's."""
    recorder = False
    while os.path.basename(folder) == RECORDER_FOLDER:
        folder, recorder = os.path.dirname(folder), True
    return folder or ".", recorder
