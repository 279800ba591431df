"""Where log directories lie: on this machine's file system, or behind an address such as ``s3://``.

`storage_of` chooses. Everything else reads through what it gives and does not ask where a path leads.
"""

from functools import cache

from tb_gradhealth.events.storage.kinds import Found, Listed, Mark, Status, Storage
from tb_gradhealth.events.storage.local import Local, mark_of
from tb_gradhealth.events.storage.remote import Remote

__all__ = ["Found", "Listed", "Mark", "Status", "Storage", "is_remote", "mark_of", "storage_of"]

_LOCAL = Local()


def is_remote(path: str) -> bool:
    """Whether a path is the address of another machine's storage: reading it takes round trips."""
    return "://" in path


def storage_of(path: str) -> Storage:
    """What can read a path. Nothing is opened or imported before it is asked."""
    return _remote(path.split("://", 1)[0]) if is_remote(path) else _LOCAL


@cache
def _remote(protocol: str) -> Remote:
    return Remote(protocol)
