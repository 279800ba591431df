"""Judges random trainings, by the rules and by the probe's measurements, in processes without a framework."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from tb_gradhealth.demo.random_zoo.cases import truth_in
from tb_gradhealth.demo.random_zoo.pool import done, progress_on
from tb_gradhealth.demo.random_zoo.truth import Truth
from tb_gradhealth.scoring import Observation, observe

TOGETHER: Final = 10
"""Number of runs that a process judges at a time."""

Judged = dict[str, tuple[Observation, Truth]]


def judge_all(names: Sequence[str], logdir: Path, workers: int, console: Console) -> Judged:
    """Replay the logs through the default rules, and judge the probe's measurements; by name."""
    chunks = {start: names[start : start + TOGETHER] for start in range(0, len(names), TOGETHER)}
    calls = {start: partial(_judged, logdir, chunk) for start, chunk in chunks.items()}
    judged: Judged = {}
    with progress_on(console) as progress:
        task = progress.add_task("judging", total=len(names))
        for start, future in done(calls, workers):
            judged |= future.result()
            progress.update(task, advance=len(chunks[start]))
    return {name: judged[name] for name in names if name in judged}


def _judged(logdir: Path, names: Sequence[str]) -> Judged:
    return {name: (observed, truth_in(logdir / name)) for name, observed in observe(str(logdir), names)}
