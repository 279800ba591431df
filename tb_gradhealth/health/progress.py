"""What records say of the training as a whole: its loss, its own numbers, the steps it skipped."""

from collections.abc import Sequence

import numpy as np

from tb_gradhealth.health.arrays import Floats
from tb_gradhealth.health.outcome import LossTrend, Outcome
from tb_gradhealth.health.spikes import LossNotice
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.health.view import Block, Columns, Matrices, Source
from tb_gradhealth.record import Record


class Progress:
    """How a training goes, as far as its records were judged.

    Attributes:
        outcome: whether the loss improves, as of the last of them.
        skipping: the loss scaler skipped every step since the last of them but one.
    """

    def __init__(self, accompanied: bool) -> None:
        """Nothing is known.

        Args:
            accompanied: other recorders write into the same run, see `Block`.
        """
        self.outcome: Outcome = "unknown"
        self.skipping = False
        self._accompanied = accompanied
        self._losses = LossTrend()
        self._notice = LossNotice()
        self._step: int | None = None
        self._skipped = float("nan")

    def block(self, records: Sequence[Record], source: Source, structure: Structure, loss_row: int) -> Block:
        """The next records, with all that rules know beside them.

        Args:
            records: of one row table.
            source: where the history's rows lie in them.
            structure: what the history's rows are.
            loss_row: the loss's place among them, -1 without one.
        """
        steps = np.array([record.step for record in records], np.int64)
        gaps = steps - np.array([steps[0] if self._step is None else self._step, *steps[:-1]])
        matrices = Matrices.of_records(records, source)
        told = matrices.of(np.array([loss_row]))
        loss = _loss_of(told)
        losses = self._losses.follow(loss)
        outcomes = tuple(map(self._weighed, losses.outcomes))
        places = structure.kinds["training"].nonzero()[0]
        numbers = matrices.of(places).column("mean").T
        training = {structure.rows[place].tensor: n for place, n in zip(places, numbers, strict=True)}
        skipped = self._newly_skipped(training.get("skipped_steps"), steps.size)
        passed = gaps[-1] if self._step is not None or steps.size > 1 else steps[-1]
        self.skipping = bool(skipped[-1] > 0 and skipped[-1] >= passed)
        self.outcome, self._step = outcomes[-1], int(steps[-1])
        return Block(
            steps=steps,
            gaps=gaps,
            matrices=matrices,
            structure=structure,
            outcomes=outcomes,
            loss=loss,
            loss_deviation=self._notice.observe(told.column("peak_max"))[:, 0],
            losses=losses,
            training=training,
            skipped=skipped,
            accompanied=self._accompanied,
        )

    def every_loss(self, outcome: Outcome) -> None:
        """Take in what the losses of every step come to, where those of the records do not say it yet."""
        if not self._accompanied and self.outcome in ("undecided", "unknown"):
            self.outcome = outcome

    def _weighed(self, outcome: Outcome) -> Outcome:
        return "undecided" if self._accompanied and outcome != "unknown" else outcome

    def _newly_skipped(self, skipped: Floats | None, records: int) -> Floats:
        """Of the number of skipped steps, [records], what came since the record before; 0 where unknown."""
        if skipped is None:
            self._skipped = float("nan")
            return np.zeros(records)
        before = np.concatenate([[self._skipped], skipped[:-1]])
        self._skipped = float(skipped[-1])
        return np.asarray(np.nan_to_num(skipped - np.nan_to_num(before)))


def _loss_of(told: Columns) -> Floats:
    """The loss of each record; NaN where it was not recorded, infinite where it was not finite."""
    bad = told.column("nan_count") + told.column("inf_count") > 0
    return np.where(bad, np.inf, told.column("mean"))[:, 0]
