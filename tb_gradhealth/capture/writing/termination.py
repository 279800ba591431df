"""Recorders that are open when the process is told to end."""

import atexit
import os
import signal
import threading
import weakref
from types import FrameType
from typing import Final, Protocol


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Write what is left."""

    def disown(self) -> None:
        """Never write again: this process is a copy of the one that does."""


_open: "weakref.WeakSet[Closable]" = weakref.WeakSet()


def opened(recorder: Closable) -> None:
    """Have it closed should the process end before it is."""
    _open.add(recorder)
    _watch_for_termination()


def closed(recorder: Closable) -> None:
    """It needs no help any more."""
    _open.discard(recorder)
    if not _open and _ours():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _close_all() -> None:
    for recorder in list(_open):
        recorder.close()


def _watch_for_termination() -> None:
    """Without a handler SIGTERM ends Python at once. One of the user's own stays: `atexit` follows it."""
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set a handler
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _ours() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and signal.getsignal(signal.SIGTERM) is _terminated


def _terminated(number: int, frame: FrameType | None) -> None:
    """Close what is open, then end as if nobody had handled the signal, with the same exit status."""
    try:
        _close_all()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


_forking: Final = threading.local()


def _block() -> None:
    # Until a process just forked off is ready for it, SIGTERM would do there what is its parent's to do.
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _in_a_copy() -> None:
    """In a process that was forked off: what is open is its parent's, and so is what to do on SIGTERM."""
    for recorder in list(_open):
        recorder.disown()
    _open.clear()
    if _ours():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _unblock()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_in_a_copy)
