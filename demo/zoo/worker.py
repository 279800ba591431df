"""One training in a worker process: from its seed, into its folder, with a note of its outcome."""

import json
import shutil
import time
import traceback
import warnings
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import keras
import tensorflow as tf

import tb_gradhealth
from tb_gradhealth.demo.zoo.catalogue import Entry, catalogue
from tb_gradhealth.demo.zoo.training import Reached
from tb_gradhealth.version import __version__

NOTE: Final = "training.json"
"""Name of the note in a training's folder, written at the begin and at the end."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training.

    Attributes:
        name: of the training.
        recipe: digest of the code that made its logs; empty while it trains.
        seconds: duration.
        reached: loss and metrics at its end.
        error: the traceback if it failed.
    """

    name: str
    recipe: str = ""
    seconds: float = 0.0
    reached: Reached | None = None
    error: str = ""


def prepare() -> None:
    """Prepare this process: quiet, one thread and deterministic, so that a seed gives one result."""
    warnings.simplefilter("ignore")  # some trainings are about missing gradients
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def train(name: str, logdir: Path, cases: Path | None) -> Outcome:
    """Train one, or reuse what an earlier call with the same code left in ``logdir``.

    Raises:
        FileExistsError: there is a folder of this name that is not a training's.
    """
    entry = _catalogue(cases)[name]
    recipe, folder = recipe_of(entry), logdir / name
    done = _known(folder)
    if done is not None and done.recipe == recipe:
        return done
    if done is not None:
        shutil.rmtree(folder)
    elif folder.exists():
        raise FileExistsError(f"{folder} was not made by this command: name another --logdir")
    folder.mkdir(parents=True)
    _write(folder, Outcome(name))
    outcome = _trained(entry, folder, recipe)
    _write(folder, outcome)
    return outcome


def recipe_of(entry: Entry) -> str:
    """A digest of all code that shapes a training's logs: its family, what families share, the capture."""
    zoo, package = Path(__file__).parent, Path(tb_gradhealth.__file__).parent
    shared = [*zoo.glob("*.py"), *(package / "capture").rglob("*.py"), *(package / "record").rglob("*.py")]
    digest = sha256(f"{__version__} {tf.__version__} {keras.__version__}".encode())
    for path in (entry.source, *sorted(shared)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _catalogue(cases: Path | None) -> dict[str, Entry]:
    return dict(catalogue(cases))


def _trained(entry: Entry, folder: Path, recipe: str) -> Outcome:
    name = entry.training.case.name
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(entry.training.seed)
    started = time.perf_counter()
    try:
        reached = entry.training.train(folder)
    except Exception:  # reported with the score; the other trainings go on
        return Outcome(name, recipe, time.perf_counter() - started, error=traceback.format_exc())
    return Outcome(name, recipe, time.perf_counter() - started, reached)


def _known(folder: Path) -> Outcome | None:
    """The outcome in a note; a note that cannot be read belongs to a training that did not end."""
    try:
        return Outcome(**json.loads((folder / NOTE).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return Outcome(folder.name)


def _write(folder: Path, outcome: Outcome) -> None:
    (folder / NOTE).write_text(json.dumps(asdict(outcome)))
