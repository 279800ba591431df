"""A log directory to its runs and their event files, named as TensorBoard names them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tb_gradhealth.events.problems import Problem, ProblemLog
from tb_gradhealth.events.storage import Found, Listed, Mark, Status, is_remote, storage_of

RECORDER_FOLDER: Final = "gradhealth"
"""A recorder's own folder; what lies in it belongs to the run around it."""


@dataclass(frozen=True)
class Root:
    """A directory to look for runs in.

    Attributes:
        path: of the local file system, or an address such as ``s3://bucket/logs``.
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
        status: what it was when it was found, where the walk learnt that; else it is to be asked.
    """

    path: str
    shown: str
    recorder: bool
    status: Status | None = field(default=None, compare=False)

    @property
    def order(self) -> tuple[str, str]:
        """Sorts a run's files: their names begin with the second they were made in."""
        return (os.path.basename(self.path), self.path)

    def now(self) -> Status:
        """Its status.

        Raises:
            OSError: it cannot be looked at.
        """
        return self.status or storage_of(self.path).status(self.path)


@dataclass(frozen=True)
class Discovery:
    """What lies below the roots now.

    Attributes:
        runs: each run's event files in order, the runs sorted by name.
        missing: roots that do not exist, as given; they may appear later.
        problems: folders that could not be listed and the like.
        unseen: folders that could not be listed, named as a run in them would be: what was known of the runs
            below them may still be true.
        folders: what every folder was when it was listed, by its path; None where more than a changed folder
            may change what is found.
    """

    runs: dict[str, tuple[EventFile, ...]]
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    unseen: tuple[str, ...] = ()
    folders: Mapping[str, Mark | None] | None = field(default=None, compare=False)


def discover(roots: Sequence[Root]) -> Discovery:
    """Walk the roots."""
    runs: dict[str, list[EventFile]] = {}
    missing: list[str] = []
    unseen: list[str] = []
    folders: dict[str, Mark | None] = {}
    log = ProblemLog()
    for root in roots:
        shown = root.name or root.path
        try:
            kind = storage_of(root.path).kind(root.path)
        except OSError as error:
            log.add(shown, "root", None, f"cannot be looked into: {error.strerror or error}")
            unseen.append(root.name or "")
            continue
        if not kind:
            missing.append(root.path)
        elif kind != "folder":
            log.add(shown, "file", None, "is a file, a log directory is needed")
        else:
            found: dict[str, list[EventFile]] = {}
            for item in storage_of(root.path).walk(root.path):
                if isinstance(item, Listed):
                    folders[item.path] = item.mark
                elif isinstance(item, Found):
                    if "tfevents" in item.name:
                        run, file = _event_file(root, item)
                        found.setdefault(run, []).append(file)
                else:
                    folder, reason = item
                    log.add(os.path.join(root.name or "", folder), "folder", None, reason)
                    unseen.append(
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
    plain = not missing and not problems and not any(is_remote(root.path) for root in roots)
    return Discovery(ordered, tuple(missing), problems, tuple(unseen), folders if plain else None)


def _event_file(root: Root, found: Found) -> tuple[str, EventFile]:
    """An event file with the name of its run."""
    run, recorder = _run_of(found.folder)
    if root.name is not None:
        run = os.path.join(root.name, run)
    shown = os.path.join(root.name or "", found.folder, found.name)
    # Of a name that is no UTF-8 Python holds what neither a URL nor JSON can.
    run, shown = (
        name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for name in (run, shown)
    )
    return run, EventFile(found.path, shown, recorder, found.status)


def _run_of(folder: str) -> tuple[str, bool]:
    """The run that a folder's files belong to, and whether the folder is a recorder's own."""
    recorder = False
    while os.path.basename(folder) == RECORDER_FOLDER:
        folder, recorder = os.path.dirname(folder), True
    return folder or ".", recorder
