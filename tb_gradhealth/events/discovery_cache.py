"""Repeated discovery of runs that lists folders again only after one of them has changed.

A file that grows does not change its folder; a file that is added, renamed or removed does.
"""

import time
from collections.abc import Sequence
from typing import Final

from tb_gradhealth.events.discovery import Discovery, Root, discover
from tb_gradhealth.events.storage import folder_version

MAX_AGE: Final = 10.0
"""Seconds after which folders are listed in any case: some file systems keep no modification time of a
folder, and the target of a symbolic link can change."""

SETTLING_TIME: Final = 2.0
"""Seconds since the last change after which a modification time is trusted: two changes within the resolution
of the file system's clock have the same time."""


class DiscoveryCache:
    """The last discovery of some log directories, repeated when folders have changed."""

    def __init__(self, roots: Sequence[Root]) -> None:
        """Create a cache without a discovery."""
        self._roots = tuple(roots)
        self._discovery: Discovery | None = None
        self._discovered_at = 0.0
        self._is_settled = False

    def discover(self) -> Discovery:
        """The runs below the roots now; the same object as before where no folder has changed."""
        now = time.monotonic()
        before = self._discovery
        if before is not None and now - self._discovered_at <= MAX_AGE and self._is_current(before):
            return before
        began = time.time()
        discovery = discover(self._roots)
        folders = discovery.folders
        self._is_settled = folders is not None and all(
            version is not None and version.changed < began - SETTLING_TIME for version in folders.values()
        )
        self._discovery, self._discovered_at = discovery, now
        return discovery

    def _is_current(self, discovery: Discovery) -> bool:
        return (
            self._is_settled
            and discovery.folders is not None
            and all(folder_version(path) == version for path, version in discovery.folders.items())
        )
