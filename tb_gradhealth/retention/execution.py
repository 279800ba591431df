"""Carries out a plan: archives, rewrites and deletes files, so that a crash at any time loses nothing.

Each file is replaced by a rename or deleted; at any time it is the old one or the new one. What was killed is
completed by the next call.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Literal, NamedTuple

from tb_gradhealth.events import Frame, Tail
from tb_gradhealth.retention.archive import Archived, write_archive
from tb_gradhealth.retention.file_state import ChangedError
from tb_gradhealth.retention.judgement import judge
from tb_gradhealth.retention.ownership import is_ours
from tb_gradhealth.retention.plan import Plan, Step
from tb_gradhealth.retention.rewriting import rewritten
from tb_gradhealth.retention.surveyed import SurveyedFile
from tb_gradhealth.retention.temporary import remove_stale, write_out_folder
from tb_gradhealth.retention.trial import JUDGED_DIFFERENTLY


class Outcome(NamedTuple):
    """What became of one step: why it was left or failed, empty where it is done."""

    step: Step
    state: Literal["done", "left", "failed"]
    reason: str = ""


def execute(plan: Plan, logdir: str, archive: str | None) -> Iterator[Outcome]:
    """Carry out a plan, yielding what became of each run that it changes.

    Args:
        plan: the plan.
        logdir: the directory that was surveyed.
        archive: where to archive every file before it is changed or deleted; None for no archive.

    Raises:
        OSError: the archive cannot be written; nothing was changed then.
    """
    for folder, _, _ in os.walk(logdir):
        remove_stale(folder)
    changes = [step for step in plan.steps if step.action in ("thin", "remove")]
    if archive is not None and changes:
        remove_stale(os.path.dirname(archive) or ".")
        write_archive(archive, [file for step in changes for file in _files_to_archive(step, logdir)])
    yield from map(_outcome, changes)


def _files_to_archive(step: Step, logdir: str) -> Iterator[Archived]:
    for file, drops, deleted in zip(step.run.files, step.drops, step.deletes, strict=True):
        if drops or deleted:
            path = file.event_file.path
            yield Archived(path, os.path.relpath(path, logdir).replace(os.sep, "/"), file.state)


def _outcome(step: Step) -> Outcome:
    try:
        _carry_out(step)
    except ChangedError as error:
        return Outcome(step, "left", _sentence(error))
    except _JudgedDifferentlyError:
        return Outcome(step, "left", JUDGED_DIFFERENTLY)
    except OSError as error:
        return Outcome(step, "failed", _sentence(error))
    return Outcome(step, "done")


def _carry_out(step: Step) -> None:
    """Rewrite and delete the files of one run.

    Raises:
        ChangedError: a file was changed meanwhile.
        _JudgedDifferentlyError: the rewritten files are judged differently.
        OSError: a file cannot be written or deleted.
    """
    files = step.run.files
    for file in files:
        file.state.check(file.event_file.path)
    with ExitStack() as copies:
        rewrites = [
            (file, copies.enter_context(rewritten(file, drops)))
            for file, drops in zip(files, step.drops, strict=True)
            if drops
        ]
        _verify(step, {file.event_file.path: copy for file, copy in rewrites})
        for file, copy in rewrites:
            path = file.event_file.path
            file.state.check(path)
            os.replace(copy, path)
            write_out_folder(os.path.dirname(path))
    for file, deleted in zip(files, step.deletes, strict=True):
        if deleted:
            _delete(file)


def _verify(step: Step, copies: Mapping[str, str]) -> None:
    """Read the rewritten files back; ``copies`` are their paths by those of the originals."""
    if step.action == "thin":
        before = [file.event_file for file in step.run.files]
        after = [replace(file, path=copies.get(file.path, file.path), status=None) for file in before]
        if judge(after) != judge(before):
            raise _JudgedDifferentlyError
        return
    for path, copy in copies.items():
        if any(isinstance(item, Frame) and is_ours(item.payload) for item in Tail(copy).read()):
            raise OSError(errno.EIO, "its copy still holds records", path)


def _delete(file: SurveyedFile) -> None:
    path = file.event_file.path
    file.state.check(path)
    os.unlink(path)
    folder = os.path.dirname(path)
    write_out_folder(folder)
    with suppress(OSError):  # another file lies in the recorder's folder
        os.rmdir(folder)


class _JudgedDifferentlyError(Exception):
    """The rewritten files of a run are judged differently."""


def _sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
