"""Storage behind an address, such as ``s3://`` or ``gs://``: read through fsspec, as TensorBoard does.

fsspec and the library of the storage (`s3fs`, `gcsfs`) are imported when a path of theirs is read.
"""

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from tb_gradhealth.events.storage.kinds import Found, Status

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
"""What storages call their mark of a file's version, the surest first."""

TIMES: Final = ("LastModified", "last_modified", "mtime", "updated", "created")

Answer = TypeVar("Answer")


class Remote:
    """The files of one protocol."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._lock = threading.Lock()
        self._found: Any = None

    def kind(self, path: str) -> str:
        """What a path leads to."""
        system = self._system()

        def look() -> str:
            if system.isdir(path):
                return "folder"
            return "file" if system.exists(path) else ""

        return _translated(path, look)

    def walk(self, root: str) -> Iterator[Found | tuple[str, str]]:
        """Every file below a folder, with its status: both come in one answer for up to a thousand files."""
        system = self._system()

        def look() -> Mapping[str, Any]:
            system.invalidate_cache()  # what was listed before is what a growing run no longer is
            listed: Mapping[str, Any] = system.find(root, detail=True)
            return listed

        start = system._strip_protocol(root).strip("/")
        try:
            listed = _translated(root, look)
        except OSError as error:
            yield "", f"cannot be listed: {error.strerror}"
            return
        for path, info in sorted(listed.items()):
            inside = path.strip("/").removeprefix(start).strip("/")
            if not inside:
                continue  # a folder's own mark, as S3's console leaves behind
            folder, _, name = inside.rpartition("/")
            yield Found(system.unstrip_protocol(path), folder, name, _status(info))

    def status(self, path: str) -> Status:
        """A file as it is now."""
        system = self._system()
        return _status(_translated(path, lambda: system.info(path)))

    @contextmanager
    def opened(self, path: str, known: Status | None = None) -> Iterator[tuple["_Opened", Status]]:
        """A file to read from; each reading is a request for its range."""
        status = known or self.status(path)
        yield _Opened(self._system(), path, status.size), status

    def _system(self) -> Any:
        with self._lock:
            if self._found is None:
                self._found = _translated(f"{self._protocol}://", self._connected)
            return self._found

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
            # fsspec's own sentence names the library that is missing, or that it knows no such protocol.
            raise OSError(errno.EPROTONOSUPPORT, f"{self._protocol}:// cannot be read: {error}") from None


class _Opened:
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


def _translated(path: str, ask: Callable[[], Answer]) -> Answer:
    """An answer; whatever a storage's library raises is an `OSError` from here on."""
    try:
        return ask()
    except OSError as error:
        if error.strerror is None:
            # Without a number and a text of its own; what kind of error it is must stay.
            number = error.errno or _NUMBERS.get(type(error), errno.EIO)
            raise type(error)(number, str(error) or type(error).__name__) from error
        raise
    except Exception as error:  # each library has errors of its own: no network, no credentials, no right
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
