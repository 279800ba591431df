"""All trainings of the zoo by name, including those held out and those of a folder of cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tb_gradhealth.demo.zoo import broken, cases, healthy, held_out
from tb_gradhealth.demo.zoo.reseeding import reseeded
from tb_gradhealth.demo.zoo.training import Training


@dataclass(frozen=True)
class Entry:
    """A training and the file that defines it."""

    training: Training
    source: Path


def catalogue(folder: Path | None = None) -> Mapping[str, Entry]:
    """All trainings by name: healthy, broken, held out, then those of ``folder`` (see `cases`)."""
    zoo = (*healthy.FAMILIES, *broken.FAMILIES)
    families: list[tuple[Iterable[Training], ModuleType]] = [
        *((family.TRAININGS, family) for family in zoo),
        *((map(reseeded, family.TRAININGS), family) for family in zoo),
        *((family.TRAININGS, family) for family in held_out.FAMILIES),
    ]
    entries = {
        training.case.name: Entry(training, Path(str(family.__file__)))
        for trainings, family in families
        for training in trainings
    }
    if folder is not None:
        source = folder / cases.FILE
        entries |= {training.case.name: Entry(training, source) for training in cases.trainings(folder)}
    return entries
