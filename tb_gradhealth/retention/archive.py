"""A tar archive compressed with Zstandard, verified before anything in it is deleted."""

import errno
import hashlib
import os
import tarfile
from collections.abc import Sequence
from typing import Final, NamedTuple

from tb_gradhealth.events import sha256_of
from tb_gradhealth.retention.file_state import FileState
from tb_gradhealth.retention.temporary import temporary_file, write_out, write_out_folder

CHUNK: Final = 1 << 20
LEVEL: Final = 10


class Archived(NamedTuple):
    """A file to archive: its path, its name in the archive, and its state when it was surveyed."""

    path: str
    name: str
    state: FileState


def write_archive(target: str, files: Sequence[Archived]) -> None:
    """Archive files, each as it is; an archive that already holds the same files is left as it is.

    The archive is read back, and the SHA-256 of each file in it is compared with that of the original.

    Args:
        target: the archive. A file that exists must be an archive of these files, as an interrupted pruning
            leaves it.
        files: what to archive.

    Raises:
        FileExistsError: the target exists and does not hold these files.
        OSError: it cannot be written, or differs from the files.
    """
    expected = {file.name: sha256_of(file.path, file.state.size) for file in files}
    if os.path.lexists(target):
        if not expected.items() <= _digests_or_none(target).items():
            raise FileExistsError(errno.EEXIST, "exists already and does not hold these files", target)
        return
    import zstandard

    folder = os.path.dirname(target) or "."
    with temporary_file(folder) as (path, out):
        with (
            zstandard.ZstdCompressor(level=LEVEL).stream_writer(out, closefd=False) as compressed,
            tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for file in files:
                with open(file.path, "rb") as content:
                    archive.addfile(archive.gettarinfo(arcname=file.name, fileobj=content), content)
        os.chmod(path, 0o666 & ~_umask())
        write_out(out)
        if _digests_or_none(path) != expected:
            raise OSError(errno.EIO, "the archive that was read back differs from the files", path)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "was created meanwhile", target)
        os.replace(path, target)
    write_out_folder(folder)


def digests(path: str) -> dict[str, str]:
    """The SHA-256 of each file in an archive, as hexadecimal digits, by its name.

    Raises:
        OSError: the archive cannot be read.
        tarfile.TarError: it is no archive.
    """
    import zstandard

    found = {}
    with (
        open(path, "rb") as compressed,
        zstandard.ZstdDecompressor().stream_reader(compressed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                digest = hashlib.sha256()
                while piece := content.read(CHUNK):
                    digest.update(piece)
                found[member.name] = digest.hexdigest()
    return found


def _umask() -> int:
    """The rights that new files do not get; temporary files have none for others."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def _digests_or_none(path: str) -> dict[str, str]:
    """As `digests`; empty where the file cannot be read as an archive."""
    import zstandard

    try:
        return digests(path)
    except (OSError, tarfile.TarError, zstandard.ZstdError):
        return {}
