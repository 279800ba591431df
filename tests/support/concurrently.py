"""A function called by several threads at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def concurrently(function: Callable[[], None], threads: int) -> Iterator[None]:
    """Repeat a function in threads while the block runs; an exception in one of them fails the block."""
    done, failures = threading.Event(), []

    def repeat() -> None:
        try:
            while not done.is_set():
                function()
        except Exception as error:
            failures.append(error)

    running = [threading.Thread(target=repeat) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in running:
            thread.join()
    assert failures == []
