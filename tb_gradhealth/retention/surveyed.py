"""What a survey finds of a run: its event files, whose their bytes are, and where its records lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tb_gradhealth.events import EventFile
from tb_gradhealth.retention.file_state import FileState


class RecordPlace(NamedTuple):
    """Where a record lies.

    Attributes:
        file: index of its file in the run.
        offset: byte offset of its event in the file.
        stream: the recorder that wrote it.
        step: its training step.
        every: steps between two records as the recorder announces them; None where it does not.
    """

    file: int
    offset: int
    stream: str
    step: int
    every: int | None


@dataclass(frozen=True)
class SurveyedFile:
    """One event file.

    Attributes:
        event_file: the file.
        state: its state before it was read.
        ours: bytes of each event of this plugin, with its framing, by offset.
        records: offsets of those events that hold nothing but records.
        exclusive: whether it lies in a recorder's folder and every byte was read and belongs to the plugin,
            but for a last record that was cut off. Only such a file is ever deleted.
    """

    event_file: EventFile
    state: FileState
    ours: Mapping[int, int]
    records: frozenset[int]
    exclusive: bool

    @property
    def bytes_ours(self) -> int:
        """Bytes that belong to this plugin."""
        return self.state.size if self.exclusive else sum(self.ours.values())


Drops = tuple[frozenset[int], ...]
"""For each file of a run, the offsets of the events to drop."""


@dataclass(frozen=True)
class SurveyedRun:
    """One run with data of the plugin.

    Attributes:
        name: as in TensorBoard.
        files: its event files, in their order; none where it lies behind a symbolic link and was not read.
        records: where its records lie, in the order of reading.
        newest: when its newest content was written, seconds since the epoch; where nothing can be read, when
            its files were modified.
        blocked: why it is left alone; empty where nothing stands against a change.
    """

    name: str
    files: Sequence[SurveyedFile]
    records: Sequence[RecordPlace]
    newest: float
    blocked: str = ""

    @property
    def bytes_ours(self) -> int:
        """Bytes that belong to this plugin."""
        return sum(file.bytes_ours for file in self.files)

    @property
    def bytes_others(self) -> int:
        """Bytes that belong to other plugins, or whose owner cannot be read."""
        return sum(file.state.size for file in self.files) - self.bytes_ours

    @property
    def partly_shared(self) -> bool:
        """Whether some of the plugin's data lies in files with other events or damage."""
        return any(file.ours and not file.exclusive for file in self.files)

    def changeable(self, shared_files: bool) -> list[bool]:
        """Of each file, whether it holds data of the plugin and may be changed.

        Args:
            shared_files: whether files with data of other plugins may be rewritten.
        """
        return [file.exclusive or (shared_files and bool(file.ours)) for file in self.files]
