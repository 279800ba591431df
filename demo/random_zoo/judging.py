"""Judges the logs of drawn trainings in worker processes that load no framework."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from tb_gradhealth.demo.random_zoo.pool import done, progress_on
from tb_gradhealth.scoring import Observation, observe

TOGETHER: Final = 10
"""Runs that a process judges at a time."""


def observe_all(names: Sequence[str], logdir: Path, workers: int, console: Console) -> dict[str, Observation]:
    """Replay the logs through the default rules."""
    chunks = {place: names[place : place + TOGETHER] for place in range(0, len(names), TOGETHER)}
    calls = {place: partial(_observed, logdir, chunk) for place, chunk in chunks.items()}
    observed: dict[str, Observation] = {}
    with progress_on(console) as progress:
        task = progress.add_task("judging", total=len(names))
        for place, future in done(calls, workers):
            observed |= future.result()
            progress.update(task, advance=len(chunks[place]))
    return observed


def _observed(logdir: Path, names: Sequence[str]) -> dict[str, Observation]:
    return dict(observe(str(logdir), names))
