"""Hyper-parameters of a run, as TensorBoard's HParams plugin stores them in the run's event files."""

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from tb_gradhealth.events.discovery import EventFile
from tb_gradhealth.events.framing import decode
from tb_gradhealth.events.storage import Status, storage_of
from tb_gradhealth.events.tail import HEAD

TAG: Final = "_hparams_/session_start_info"
"""Equal to `tensorboard.plugins.hparams.metadata.SESSION_START_INFO_TAG`."""

SEARCHED_BYTES: Final = 256 << 10
"""Only the start of a file is searched: hyper-parameters are written when training begins."""

MAX_FILES: Final = 8
MAX_HPARAMS: Final = 200
MAX_CHARACTERS: Final = 1_000
"""Longest name and longest text value; longer ones are cut."""

Value = float | str | bool


class HParamsReader:
    """Searches the start of each file once; a file that was replaced is searched again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hparams: dict[str, Mapping[str, Value]] = {}
        self._searched: dict[str, Status] = {}
        self._heads: dict[str, bytes] = {}

    def read(self, files: Sequence[EventFile]) -> Mapping[str, Value] | None:
        """The hyper-parameters of the first file that has any; None where no file has."""
        with self._lock:
            for file in files[:MAX_FILES]:
                self._search(file)
                if file.path in self._hparams:
                    return self._hparams[file.path]
        return None

    def read_first(self, runs: Iterable[Sequence[EventFile]]) -> Mapping[str, Value] | None:
        """The hyper-parameters of the first run, given by its files, that has any; None where none has."""
        found = (self.read(files) for files in runs)
        return next((hparams for hparams in found if hparams is not None), None)

    def _search(self, file: EventFile) -> None:
        before = self._searched.get(file.path)
        try:
            status = file.current_status()
            if before == status:
                return
            with storage_of(file.path).opened(file.path, status) as (opened, _):
                head = opened.at(0, HEAD)
                is_complete = file.path in self._hparams or (
                    before is not None and before.size >= SEARCHED_BYTES
                )
                if is_complete and head.startswith(self._heads[file.path]):
                    self._searched[file.path] = status
                    return
                content = opened.at(0, SEARCHED_BYTES)
        except OSError:
            return  # the run's own reader reports it
        self._searched[file.path], self._heads[file.path] = status, head
        self._hparams.pop(file.path, None)
        for frame in decode(content, 0, TAG.encode()).frames:
            hparams = _hparams_in(frame.payload)
            if hparams is not None:
                self._hparams[file.path] = hparams


def _hparams_in(payload: bytes) -> Mapping[str, Value] | None:
    try:
        for value in event_pb2.Event.FromString(payload).summary.value:
            if value.tag == TAG:
                return _session_hparams(value)
    except DecodeError:
        pass  # not written by the HParams plugin
    return None


def _session_hparams(value: summary_pb2.Summary.Value) -> Mapping[str, Value]:
    content = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    hparams: dict[str, Value] = {}
    for name, given in sorted(content.session_start_info.hparams.items())[:MAX_HPARAMS]:
        kind = given.WhichOneof("kind")
        if kind == "string_value":
            hparams[name[:MAX_CHARACTERS]] = given.string_value[:MAX_CHARACTERS]
        elif kind == "bool_value":
            hparams[name[:MAX_CHARACTERS]] = given.bool_value
        elif kind == "number_value" and math.isfinite(given.number_value):
            hparams[name[:MAX_CHARACTERS]] = given.number_value
    return hparams
