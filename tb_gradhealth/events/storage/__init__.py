"""Access to the files of a log directory: on the local file system or behind an address such as ``s3://``.

`storage_of` chooses the storage of a path; the rest of the package reads through it.
"""

from functools import cache

from tb_gradhealth.events.storage.interface import FolderVersion, FoundFile, ListedFolder, Status, Storage
from tb_gradhealth.events.storage.local import LocalStorage, folder_version
from tb_gradhealth.events.storage.remote import RemoteStorage

__all__ = [
    "FolderVersion",
    "FoundFile",
    "ListedFolder",
    "Status",
    "Storage",
    "folder_version",
    "is_remote",
    "storage_of",
]

_LOCAL = LocalStorage()


def is_remote(path: str) -> bool:
    """Whether a path is an address of remote storage, where each access costs a round trip."""
    return "://" in path


def storage_of(path: str) -> Storage:
    """The storage that reads a path. Nothing is opened or imported before its first use."""
    return _remote(path.split("://", 1)[0]) if is_remote(path) else _LOCAL


@cache
def _remote(protocol: str) -> RemoteStorage:
    return RemoteStorage(protocol)
