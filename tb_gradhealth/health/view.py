"""One record as one rule sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.outcome import LossTrend, Outcome
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.record import Kind, Record
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import unpack_shares


@dataclass(frozen=True)
class Moment:
    """What all rules know of one record.

    Attributes:
        record: as it was written.
        columns: its values column by column, float32 [columns, rows]. Rules ask for columns, records are
            written row by row; turning one over is 20 times faster than picking out each column.
        source: for each of the history's rows its place in the record, -1 where the record lacks it.
        structure: what the history's rows are.
        outcome: whether the loss improves, as far as known at this step.
        previous_step: the step of the record before, None at the first.
        loss: NaN where it was not recorded, infinite where it was not finite.
        loss_deviation: how far the largest loss since the record before was above the usual, as a robust z;
            NaN where that is not known.
        trend: the losses so far, this one included; to be read only.
        training: the numbers of the training itself, such as the learning rate, by name.
        accompanied: other recorders write into the same run. Networks that train against each other, as in a
            GAN, do not lower their losses, so these say nothing of success then.
        skipped: steps since the record before that the loss scaler skipped.
    """

    record: Record
    columns: npt.NDArray[np.float32]
    source: Ints
    structure: Structure
    outcome: Outcome
    previous_step: int | None
    loss: float
    loss_deviation: float
    trend: LossTrend
    training: Mapping[str, float]
    skipped: float
    accompanied: bool = False

    def gather(self, places: Ints, name: str) -> Floats:
        """A column of some of the history's rows, float64 [places]; NaN for place -1 and unrecorded rows."""
        return self.pick(np.where(places >= 0, self.source[places], -1), name)

    def pick(self, source: Ints, name: str) -> Floats:
        """A column at some of the record's own rows, float64 [source]; NaN for -1 and a column it lacks."""
        names = self.record.table.columns
        if name not in names or not self.columns.size:
            return np.full(source.size, np.nan)
        values: Floats = self.columns[names.index(name)].take(source, mode="wrap").astype(np.float64)
        values[source < 0] = np.nan
        return values


class View:
    """A moment seen from the rows that one rule judges."""

    def __init__(self, moment: Moment, rows: Ints) -> None:
        """A view.

        Args:
            moment: the record and what is known beside it.
            rows: the history's rows that the rule judges, int64 [judged].
        """
        self.moment = moment
        self.rows = rows

    @property
    def step(self) -> int:
        """The recorded step."""
        return self.moment.record.step

    @property
    def structure(self) -> Structure:
        """What the history's rows are."""
        return self.moment.structure

    @property
    def outcome(self) -> Outcome:
        """Whether the loss improves, as far as known at this step."""
        return self.moment.outcome

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the recorder said of the training."""
        return self.moment.structure.settings

    @cached_property
    def gap(self) -> int:
        """Steps since the record before; 0 at the first."""
        before = self.moment.previous_step
        return 0 if before is None else self.step - before

    @cached_property
    def _source(self) -> Ints:
        return self.moment.source[self.rows]

    def column(self, name: str) -> Floats:
        """A column of the judged rows, float64 [judged], NaN where not measured."""
        return self.moment.pick(self._source, name)

    def magnitudes(self) -> Floats:
        """The judged rows' log2 histograms, shares per bin, float64 [judged, 30]; NaN where not measured."""
        packed = [self.column(name) for name in MAGNITUDES]
        return unpack_shares(np.stack(packed, axis=-1)).astype(np.float64)

    def beside(self, kind: Kind, name: str) -> Floats:
        """A column of the same tensors' rows of another kind, float64 [judged]."""
        return self.moment.gather(self.structure.beside[kind][self.rows], name)
