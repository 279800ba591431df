"""The training as a whole, as its records show it: its loss, its own numbers, the steps it skipped."""

from collections.abc import Mapping, Sequence

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, forward_filled
from tb_gradhealth.health.loss import Losses, LossTrend, Outcome, References, with_references
from tb_gradhealth.health.protocol import (
    Baseline,
    Block,
    NumberIndex,
    RecordNumbers,
    RowColumns,
    Structure,
    no_outliers,
)
from tb_gradhealth.health.series import EpochLog, EpochTrend
from tb_gradhealth.record import Record


class Progress:
    """The training as a whole, as of the last judged record.

    Attributes:
        outcome: the outcome of the loss.
        skipping: the loss scaler skipped every step since the record before the last.
        bad_since: the step since which the loss is not finite, None where its newest value is finite.
    """

    def __init__(self, multiple_recorders: bool, epochs: EpochLog) -> None:
        """The progress before the first record.

        Args:
            multiple_recorders: see `Block`.
            epochs: what the training reports of its epochs.
        """
        self._epochs = epochs
        self._references = _no_references(epochs.before(np.empty(0, np.int64)))
        self._latest: Losses | None = None
        self.outcome: Outcome = "unknown"
        self.skipping = False
        self.bad_since: int | None = None
        self._multiple_recorders = multiple_recorders
        self._losses = LossTrend()
        self._deviation = LossDeviation()
        self._step: int | None = None
        self._skipped = float("nan")

    def block(
        self, records: Sequence[Record], index: NumberIndex, structure: Structure, loss_row: int
    ) -> Block:
        """The next records as a block, with what all rules share.

        Args:
            records: of one row table.
            index: where their numbers are.
            structure: the history's rows.
            loss_row: index of the loss among them, -1 without one.
        """
        steps = np.array([record.step for record in records], np.int64)
        gaps = steps - np.array([steps[0] if self._step is None else self._step, *steps[:-1]])
        numbers = RecordNumbers.of_records(records, index)
        loss_columns = numbers.of(np.array([loss_row]))
        loss = _loss_of(loss_columns)
        training_rows = structure.kinds["training"].nonzero()[0]
        means = numbers.of(training_rows).column("mean").T
        training = {structure.rows[row].tensor: mean for row, mean in zip(training_rows, means, strict=True)}
        references = self._references_at(steps, training)
        trend = self._losses.add(loss)
        self._references, self._latest = references, trend.newest
        losses = with_references(trend, references)
        outcomes = tuple(map(self._usable, losses.outcomes))
        skipped = self._newly_skipped(training.get("skipped_steps"), steps.size)
        passed = gaps[-1] if self._step is not None or steps.size > 1 else steps[-1]
        self.skipping = bool(skipped[-1] > 0 and skipped[-1] >= passed)
        self.outcome, self._step = outcomes[-1], int(steps[-1])
        self._update_bad_since(steps, loss, loss_columns.column("bad_ago")[:, 0])
        return Block(
            steps=steps,
            gaps=gaps,
            numbers=numbers,
            structure=structure,
            outcomes=outcomes,
            loss=loss,
            loss_deviation=self._deviation.observe(loss_columns.column("peak_max"))[:, 0],
            losses=losses,
            training=training,
            skipped=skipped,
            multiple_recorders=self._multiple_recorders,
            finite=_are_finite(numbers, structure, losses),
        )

    def add_steps(self, steps: Ints, loss: Floats) -> None:
        """Update ``bad_since`` by the losses of the flight recorder's steps, [steps]."""
        later = steps > (steps[0] - 1 if self._step is None else self._step)
        self._update_bad_since(steps[later], loss[later], np.zeros(np.count_nonzero(later)))

    def _update_bad_since(self, steps: Ints, loss: Floats, ago: Floats) -> None:
        """Update ``bad_since``.

        Args:
            steps: int64 [steps].
            loss: [steps].
            ago: how many steps before each one the loss ceased to be finite, [steps].
        """
        if self.bad_since is None and not np.isinf(loss).any():
            return
        for step, value, before in zip(steps.tolist(), loss.tolist(), ago.tolist(), strict=True):
            if value == value and abs(value) != float("inf"):
                self.bad_since = None
            elif value == value and self.bad_since is None:
                self.bad_since = step - (int(before) if before > 0 else 0)

    def add_step_losses(self, losses: Losses) -> Losses:
        """Take the outcome from the losses of every step, [1], where the records have none yet.

        Returns:
            The losses with their references.
        """
        referenced = with_references(losses, _newest(self._references, self._epochs.all()))
        if not self._multiple_recorders and self.outcome in ("undecided", "unknown"):
            self.outcome = referenced.outcomes[0]
        return referenced

    def latest_losses(self) -> Losses | None:
        """The newest losses with all references, epochs after the last record included; [1]."""
        if self._latest is None:
            return None
        return with_references(self._latest, _newest(self._references, self._epochs.all()))

    def _references_at(self, steps: Ints, training: Mapping[str, Floats]) -> References:
        unknown, before = np.full(steps.size, np.nan), self._references
        return References(
            constant_loss=_filled(training.get("constant_loss", unknown), before.constant_loss),
            constant_accuracy=_filled(training.get("constant_accuracy", unknown), before.constant_accuracy),
            regularization=_filled(training.get("regularization", unknown), before.regularization),
            epochs=self._epochs.before(steps),
        )

    def _usable(self, outcome: Outcome) -> Outcome:
        return "undecided" if self._multiple_recorders and outcome != "unknown" else outcome

    def _newly_skipped(self, skipped: Floats | None, records: int) -> Floats:
        """Steps skipped since the record before, [records], from their running count; 0 where unknown."""
        if skipped is None:
            self._skipped = float("nan")
            return np.zeros(records)
        before = np.concatenate([[self._skipped], skipped[:-1]])
        self._skipped = float(skipped[-1])
        return np.asarray(np.nan_to_num(skipped - np.nan_to_num(before)))


class LossDeviation:
    """How far the largest loss since the record before is above its usual value."""

    def __init__(self) -> None:
        self._baseline = Baseline().resized(1)

    def observe(self, peak: Floats) -> Floats:
        """Robust z of the largest losses since the records before, [records, 1]; NaN where not known."""
        comparison, _, self._baseline = self._baseline.compare(peak, no_outliers)
        return comparison.score


def _filled(numbers: Floats, before: Floats) -> Floats:
    """Numbers of records, NaN replaced by the newest known one: an interrupted last record lacks them."""
    return np.asarray(forward_filled(numbers[:, None], before[-1:])[1:, 0])


def _no_references(epochs: EpochTrend) -> References:
    unknown = np.full(1, np.nan)
    return References(unknown, unknown, np.zeros(1), epochs)


def _newest(references: References, epochs: EpochTrend) -> References:
    """The newest of some references, [1], with other epochs."""
    return References(
        constant_loss=references.constant_loss[-1:],
        constant_accuracy=references.constant_accuracy[-1:],
        regularization=references.regularization[-1:],
        epochs=epochs,
    )


def _are_finite(numbers: RecordNumbers, structure: Structure, losses: Losses) -> Mask:
    """The records at which loss and weights are finite, [records]."""
    weights = numbers.of(np.flatnonzero(structure.kinds["weight"]))
    bad = weights.column("nan_count") + weights.column("inf_count") > 0
    return np.asarray(losses.finite & ~bad.any(axis=1))


def _loss_of(loss: RowColumns) -> Floats:
    """The loss of each record, [records]; NaN where it was not recorded, infinite where it was not finite."""
    bad = loss.column("nan_count") + loss.column("inf_count") > 0
    return np.where(bad, np.inf, loss.column("mean"))[:, 0]
