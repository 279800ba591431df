"""Returns memory that tracing and compiling a step has freed."""

import ctypes
import sys


def return_freed_memory() -> None:
    """Return the free memory of the C library's heap to the system; nothing where it is not glibc.

    Tracing, optimizing and compiling a step takes hundreds of megabytes in small parts. They are free
    afterwards, but glibc returns only those at the end of its heap.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
