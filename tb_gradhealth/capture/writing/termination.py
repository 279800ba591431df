"""Closes open recorders at the end of the process: at exit, on SIGTERM, and not in a forked copy."""

import atexit
import os
import signal
import threading
import weakref
from types import FrameType
from typing import Final, Protocol


class Closable(Protocol):
    """An object that has to be closed before the process ends."""

    def close(self) -> None:
        """Write what remains and close."""

    def abandon(self) -> None:
        """Never write again: this process is a forked copy of the one that writes."""


_open: "weakref.WeakSet[Closable]" = weakref.WeakSet()


def register(recorder: Closable) -> None:
    """Close a recorder if the process ends before it is closed."""
    _open.add(recorder)
    _install_handler()


def unregister(recorder: Closable) -> None:
    """Remove a recorder that is closed."""
    _open.discard(recorder)
    if not _open and _is_handler_installed():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _close_all() -> None:
    for recorder in list(_open):
        recorder.close()


def _install_handler() -> None:
    """Handle SIGTERM, which ends Python at once by default. A user's handler stays: `atexit` follows it."""
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set a handler
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_termination)


def _is_handler_installed() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(signal.SIGTERM) is _on_termination


def _on_termination(number: int, frame: FrameType | None) -> None:
    """Close all recorders, then end the process with the exit status of an unhandled signal."""
    try:
        _close_all()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


_forking: Final = threading.local()


def _block() -> None:
    # Until `_after_fork_in_child` has run, SIGTERM in the child would close the recorders of its parent.
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _after_fork_in_child() -> None:
    """Abandon the recorders and the handler: both belong to the parent process."""
    for recorder in list(_open):
        recorder.abandon()
    _open.clear()
    if _is_handler_installed():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _unblock()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # missing on Windows, which does not fork
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_after_fork_in_child)
