"""Remote storage such as ``s3://`` or ``gs://``, read through fsspec as TensorBoard does.

fsspec and the storage's own library (`s3fs`, `gcsfs`) are imported at the first use of an address.
"""

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from tb_gradhealth.events.storage.interface import FoundFile, Status

VERSIONS: Final = (
    "ETag",
    "etag",
    "md5Hash",
    "generation",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
    "created",
)
"""Names under which storages report a version of a file, the most reliable first."""

TIMES: Final = ("LastModified", "last_modified", "mtime", "updated", "created")

Result = TypeVar("Result")


class RemoteStorage:
    """The files of one fsspec protocol."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._lock = threading.Lock()
        self._filesystem: Any = None

    def kind(self, path: str) -> str:
        """As in `Storage`."""
        system = self._system()

        def kind() -> str:
            if system.isdir(path):
                return "folder"
            return "file" if system.exists(path) else ""

        return _translated(path, kind)

    def walk(self, root: str) -> Iterator[FoundFile | tuple[str, str]]:
        """As in `Storage`; with each file's status, since a listing returns it too."""
        system = self._system()

        def find() -> Mapping[str, Any]:
            system.invalidate_cache()  # a cached listing lacks the new sizes of growing files
            listed: Mapping[str, Any] = system.find(root, detail=True)
            return listed

        start = system._strip_protocol(root).strip("/")
        try:
            listed = _translated(root, find)
        except OSError as error:
            yield "", f"cannot be listed: {error.strerror}"
            return
        for path, info in sorted(listed.items()):
            inside = path.strip("/").removeprefix(start).strip("/")
            if not inside:
                continue  # the placeholder object that S3's console creates for a folder
            folder, _, name = inside.rpartition("/")
            yield FoundFile(system.unstrip_protocol(path), folder, name, _status(info))

    def status(self, path: str) -> Status:
        """As in `Storage`."""
        system = self._system()
        return _status(_translated(path, lambda: system.info(path)))

    @contextmanager
    def opened(self, path: str, known: Status | None = None) -> Iterator[tuple["_OpenedFile", Status]]:
        """As in `Storage`; each read is a range request."""
        status = known or self.status(path)
        yield _OpenedFile(self._system(), path, status.size), status

    def _system(self) -> Any:
        with self._lock:
            if self._filesystem is None:
                self._filesystem = _translated(f"{self._protocol}://", self._connected)
            return self._filesystem

    def _connected(self) -> Any:
        try:
            import fsspec
        except ImportError:
            raise OSError(
                errno.EPROTONOSUPPORT,
                f"reading {self._protocol}:// needs fsspec: pip install 'tb_gradhealth[remote]'",
            ) from None
        try:
            return fsspec.filesystem(self._protocol, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            # fsspec's message names the missing library or the unknown protocol.
            raise OSError(errno.EPROTONOSUPPORT, f"{self._protocol}:// cannot be read: {error}") from None


class _OpenedFile:
    def __init__(self, system: Any, path: str, size: int) -> None:
        self._system, self._path, self._size = system, path, size

    def at(self, offset: int, count: int) -> bytes:
        end = min(offset + count, self._size)
        if end <= offset:
            return b""
        content: bytes = _translated(
            self._path, lambda: self._system.cat_file(self._path, start=offset, end=end)
        )
        return content


def _translated(path: str, call: Callable[[], Result]) -> Result:
    """The result of a call; every exception of the storage's library becomes an `OSError`."""
    try:
        return call()
    except OSError as error:
        if error.strerror is None:
            # Such an error has only a message; its type is kept.
            number = error.errno or _NUMBERS.get(type(error), errno.EIO)
            raise type(error)(number, str(error) or type(error).__name__) from error
        raise
    except Exception as error:  # libraries raise their own types: no network, no credentials, no permission
        raise OSError(errno.EIO, f"{type(error).__name__}: {error}", path) from error


_NUMBERS: Final = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}


def _status(info: Mapping[str, Any]) -> Status:
    size = info.get("size")
    return Status(
        size=size if isinstance(size, int) else 0,
        version=next((str(info[name]) for name in VERSIONS if info.get(name) is not None), None),
        identity=None,
        regular=info.get("type", "file") == "file",
        written=next((seconds for name in TIMES if (seconds := _seconds(info.get(name)))), 0.0),
    )


def _seconds(time: object) -> float:
    if isinstance(time, datetime):
        return time.timestamp()
    if isinstance(time, str):
        try:
            return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return 0.0
    return float(time) if isinstance(time, (int, float)) else 0.0
