"""One random training in a worker process: its log, the probe's measurements and a note, on disk."""

import json
import shutil
import time
import traceback
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import keras
import tensorflow as tf

import tb_gradhealth
from tb_gradhealth.demo.random_zoo.measurements import FILE
from tb_gradhealth.demo.random_zoo.plan import draw, run_name
from tb_gradhealth.demo.random_zoo.training import train
from tb_gradhealth.version import __version__

NOTE: Final = "training.json"

JUDGING: Final = ("truth", "*signs", "cases", "run", "worker", "pool", "judging", "__init__")
"""Patterns of the modules here that shape neither a training nor its measurements."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training.

    Attributes:
        index: in the draw.
        plan: in one line.
        recipe: digest of the code that made it; empty while it trains.
        seconds: duration.
        error: the traceback if it failed.
    """

    index: int
    plan: str = ""
    recipe: str = ""
    seconds: float = 0.0
    error: str = ""


def train_drawn(seed: int, index: int, logdir: Path) -> Outcome:
    """Train one plan, or reuse what an earlier call with the same code left in ``logdir``.

    Raises:
        FileExistsError: there is a folder of this name that is not a training's.
    """
    done = known(seed, index, logdir)
    if done is not None:
        return done
    recipe, folder = recipe_of(), logdir / run_name(seed, index)
    if (folder / NOTE).exists():
        shutil.rmtree(folder)
    elif folder.exists():
        raise FileExistsError(f"{folder} was not made by this command: name another --logdir")
    folder.mkdir(parents=True)
    _write(folder, Outcome(index))
    outcome = _trained(seed, index, folder, recipe)
    _write(folder, outcome)
    return outcome


def known(seed: int, index: int, logdir: Path) -> Outcome | None:
    """The note of an earlier call with the same code; None where it cannot be read."""
    try:
        done = Outcome(**json.loads((logdir / run_name(seed, index) / NOTE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return done if done.recipe == recipe_of() else None


@cache
def recipe_of() -> str:
    """A digest of all code that shapes a training, its measurements and its log, without `JUDGING`."""
    here, package = Path(__file__).parent, Path(tb_gradhealth.__file__).parent
    drawn = [p for p in here.glob("*.py") if not any(fnmatchcase(p.stem, each) for each in JUDGING)]
    shared = [here.parent / "zoo" / name for name in ("tables.py", "planting.py")]
    recorded = [*(package / "capture").rglob("*.py"), *(package / "record").rglob("*.py")]
    digest = sha256(f"{__version__} {tf.__version__} {keras.__version__}".encode())
    for path in sorted((*drawn, *shared, *recorded)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _trained(seed: int, index: int, folder: Path, recipe: str) -> Outcome:
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    started, plan = time.perf_counter(), ""
    try:
        drawn = draw(seed, index)
        plan = str(drawn)
        train(drawn, folder).save(folder / FILE)
    except Exception:  # reported with the score; the other trainings go on
        return Outcome(index, plan, recipe, time.perf_counter() - started, traceback.format_exc())
    return Outcome(index, plan, recipe, time.perf_counter() - started)


def _write(folder: Path, outcome: Outcome) -> None:
    (folder / NOTE).write_text(json.dumps(asdict(outcome)))
