"""A measurement in a process of its own, which nothing before it has warmed up or filled."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_own_process(function: Callable[..., Result], *arguments: object) -> Result:
    """What a function of a module gives; an exception in it is raised here."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()
