"""Reads the runs of a log directory: what is ours, what is others', and where the records lie."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tb_gradhealth.events import FRAMING_BYTES, EventFile, Frame, Problem, Root, RunReader, Tail, discover
from tb_gradhealth.record import Record
from tb_gradhealth.retention.file_state import FileState, is_open_for_writing
from tb_gradhealth.retention.ownership import owner_of
from tb_gradhealth.retention.surveyed import RecordPlace, SurveyedFile, SurveyedRun


@dataclass(frozen=True)
class Survey:
    """The runs of a log directory.

    Attributes:
        runs: those with data of the plugin, sorted by name.
        problems: folders that cannot be listed and files that cannot be read, one sentence each. A run with
            such a file is not among ``runs``, so nothing of it is changed.
    """

    runs: tuple[SurveyedRun, ...]
    problems: tuple[str, ...]


def survey(logdir: str, idle_seconds: float, now: float) -> Survey:
    """Read every run below a local log directory.

    Args:
        logdir: the directory.
        idle_seconds: a run with a file that was modified since then counts as still being written.
        now: seconds since the epoch.
    """
    discovery = discover([Root(logdir)])
    problems = [_sentence(problem) for problem in discovery.problems]
    runs = []
    for name, files in discovery.runs.items():
        try:
            run = _survey_run(logdir, name, files, idle_seconds, now)
        except OSError as error:
            problems.append(f"{error.filename or name}: {error.strerror or error}")
            continue
        if run is not None:
            runs.append(run)
    return Survey(tuple(runs), tuple(problems))


def _survey_run(
    logdir: str, name: str, files: Sequence[EventFile], idle_seconds: float, now: float
) -> SurveyedRun | None:
    """The run; None where it holds nothing of the plugin.

    Raises:
        OSError: a file is not accessible.
    """
    if any(_is_linked(file.path, logdir) for file in files):
        blocked = "is reached through a symbolic link"
        return SurveyedRun(name, (), (), now, blocked) if any(file.recorder for file in files) else None
    states = [FileState.of(file.path) for file in files]
    reader = RunReader()
    records: list[RecordPlace] = []
    newest = -math.inf
    for content in reader.read(files):
        if math.isfinite(content.wall_time):
            newest = max(newest, content.wall_time)
        if isinstance(content, Record) and reader.position is not None:
            file, offset = reader.position
            table = content.table
            records.append(
                RecordPlace(files.index(file), offset, table.stream, content.step, _every(table.settings))
            )
    if not reader.has_plugin_data:
        return None
    surveyed = [_survey_file(file, state) for file, state in zip(files, states, strict=True)]
    if newest == -math.inf:
        newest = max(state.modified for state in states) / 1e9
    return SurveyedRun(
        name,
        tuple(surveyed),
        tuple(records),
        newest,
        _in_use(surveyed, idle_seconds, now),
    )


def _survey_file(file: EventFile, state: FileState) -> SurveyedFile:
    tail = Tail(file.path)
    ours: dict[int, int] = {}
    records: set[int] = set()
    end, all_ours = 0, file.recorder
    for item in tail.read():
        if not isinstance(item, Frame):
            all_ours = False
            continue
        owner, size = owner_of(item.payload), len(item.payload) + FRAMING_BYTES
        all_ours = all_ours and owner != "other" and item.offset == end
        end = item.offset + size
        if owner in ("record", "ours"):
            ours[item.offset] = size
        if owner == "record":
            records.add(item.offset)
    cut_off = tail.unfinished
    exclusive = all_ours and end == (state.size if cut_off is None else cut_off)
    return SurveyedFile(file, state, ours, frozenset(records), exclusive)


def _is_linked(path: str, logdir: str) -> bool:
    """Whether a path below a directory leads through a symbolic link below that directory."""
    below = os.path.relpath(path, logdir)
    return os.path.realpath(path) != os.path.join(os.path.realpath(logdir), below)


def _in_use(files: Sequence[SurveyedFile], idle_seconds: float, now: float) -> str:
    for file in files:
        if now - file.state.modified / 1e9 < idle_seconds:
            return f"was written within the last {idle_seconds / 60:g} minutes"
        if is_open_for_writing(file.event_file.path):
            return "is open for writing in another program"
    return ""


def _every(settings: Mapping[str, object]) -> int | None:
    every = settings.get("every")
    return every if isinstance(every, int) and not isinstance(every, bool) and every > 0 else None


def _sentence(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}"
