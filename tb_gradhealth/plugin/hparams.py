"""A run's hyper-parameters, as TensorBoard's HParams plugin has them in the run's event files."""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from tb_gradhealth.events import EventFile, tail
from tb_gradhealth.events.framing import decode
from tb_gradhealth.events.storage import Status, storage_of

TAG: Final = "_hparams_/session_start_info"
"""What `tensorboard.plugins.hparams.metadata.SESSION_START_INFO_TAG` is."""

HEAD: Final = 256 << 10
"""Bytes at the start of a file in which they are looked for: they are written when training begins."""

MOST_FILES: Final = 8
MOST: Final = 200
LONGEST: Final = 1_000

Value = float | str | bool


class HyperParameters:
    """Looks into each run's files until it has found something or their heads are read to the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Mapping[str, Value]] = {}
        self._looked: dict[str, Status] = {}
        self._begins: dict[str, bytes] = {}

    def of(self, files: Sequence[EventFile]) -> Mapping[str, Value] | None:
        """The hyper-parameters in the first of these files that has any, None where none has."""
        with self._lock:
            for file in files[:MOST_FILES]:
                self._look(file)
                if file.path in self._found:
                    return self._found[file.path]
        return None

    def _look(self, file: EventFile) -> None:
        before = self._looked.get(file.path)
        try:
            status = file.now()
            if before == status:
                return
            with storage_of(file.path).opened(file.path, status) as (opened, _):
                begins = opened.at(0, tail.HEAD)
                is_known = file.path in self._found or (before is not None and before.size >= HEAD)
                if is_known and begins.startswith(self._begins[file.path]):
                    self._looked[file.path] = status
                    return
                head = opened.at(0, HEAD)
        except OSError:
            return  # said where the run is read
        self._looked[file.path], self._begins[file.path] = status, begins
        self._found.pop(file.path, None)
        for frame in decode(head, 0, TAG.encode()).frames:
            values = _values(frame.payload)
            if values is not None:
                self._found[file.path] = values


def _values(payload: bytes) -> Mapping[str, Value] | None:
    try:
        for value in event_pb2.Event.FromString(payload).summary.value:
            if value.tag == TAG:
                return _session(value)
    except DecodeError:
        pass  # not written by the HParams plugin
    return None


def _session(value: summary_pb2.Summary.Value) -> Mapping[str, Value]:
    content = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    named = sorted(content.session_start_info.hparams.items())[:MOST]
    found: dict[str, Value] = {}
    for name, given in named:
        kind = given.WhichOneof("kind")
        if kind == "string_value":
            found[name[:LONGEST]] = given.string_value[:LONGEST]
        elif kind == "bool_value":
            found[name[:LONGEST]] = given.bool_value
        elif kind == "number_value" and math.isfinite(given.number_value):
            found[name[:LONGEST]] = given.number_value
    return found
