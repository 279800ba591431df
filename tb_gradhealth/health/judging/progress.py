"""What records say of the training as a whole: its loss, its own numbers, the steps it skipped."""

from collections.abc import Mapping, Sequence

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, carried
from tb_gradhealth.health.loss import Losses, LossTrend, Outcome, References, with_references
from tb_gradhealth.health.protocol import Baseline, Block, Columns, Matrices, Source, Structure, never
from tb_gradhealth.health.series import EpochLog, EpochTrend
from tb_gradhealth.record import Record


class Progress:
    """How a training goes, as far as its records were judged.

    Attributes:
        outcome: whether the loss improves, as of the last of them.
        skipping: the loss scaler skipped every step since the last of them but one.
        bad_since: the step since which the loss is not finite, None where its newest value is.
    """

    def __init__(self, accompanied: bool, epochs: EpochLog) -> None:
        """Nothing is known.

        Args:
            accompanied: other recorders write into the same run, see `Block`.
            epochs: what the training reports of its epochs.
        """
        self._epochs = epochs
        self._references = _nothing_known(epochs.before(np.empty(0, np.int64)))
        self._latest: Losses | None = None
        self.outcome: Outcome = "unknown"
        self.skipping = False
        self.bad_since: int | None = None
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
        places = structure.kinds["training"].nonzero()[0]
        numbers = matrices.of(places).column("mean").T
        training = {structure.rows[place].tensor: n for place, n in zip(places, numbers, strict=True)}
        references = self._references_at(steps, training)
        followed = self._losses.follow(loss)
        self._references, self._latest = references, followed.newest
        losses = with_references(followed, references)
        outcomes = tuple(map(self._weighed, losses.outcomes))
        skipped = self._newly_skipped(training.get("skipped_steps"), steps.size)
        passed = gaps[-1] if self._step is not None or steps.size > 1 else steps[-1]
        self.skipping = bool(skipped[-1] > 0 and skipped[-1] >= passed)
        self.outcome, self._step = outcomes[-1], int(steps[-1])
        self._note_bad(steps, loss, told.column("bad_ago")[:, 0])
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
            sound=_are_sound(matrices, structure, losses),
        )

    def note_steps(self, steps: Ints, loss: Floats) -> None:
        """Note whether the losses of the flight recorder's steps, [steps], end finite."""
        later = steps > (steps[0] - 1 if self._step is None else self._step)
        self._note_bad(steps[later], loss[later], np.zeros(np.count_nonzero(later)))

    def _note_bad(self, steps: Ints, loss: Floats, ago: Floats) -> None:
        """Note since when the losses are not finite; ``ago`` steps before one that began, arrays [steps]."""
        if self.bad_since is None and not np.isinf(loss).any():
            return
        for step, value, before in zip(steps.tolist(), loss.tolist(), ago.tolist(), strict=True):
            if value == value and abs(value) != float("inf"):
                self.bad_since = None
            elif value == value and self.bad_since is None:
                self.bad_since = step - (int(before) if before > 0 else 0)

    def every_loss(self, losses: Losses) -> Losses:
        """Take in the losses of every step, [1], where those of the records do not say what becomes of them.

        Returns:
            The same with what they are compared with.
        """
        known = with_references(losses, _newest(self._references, self._epochs.all()))
        if not self._accompanied and self.outcome in ("undecided", "unknown"):
            self.outcome = known.outcomes[0]
        return known

    def finally_known(self) -> Losses | None:
        """The newest losses with all that is known now, epochs after the last record included; [1]."""
        if self._latest is None:
            return None
        return with_references(self._latest, _newest(self._references, self._epochs.all()))

    def _references_at(self, steps: Ints, training: Mapping[str, Floats]) -> References:
        unknown, before = np.full(steps.size, np.nan), self._references
        return References(
            constant_loss=_kept(training.get("constant_loss", unknown), before.constant_loss),
            constant_accuracy=_kept(training.get("constant_accuracy", unknown), before.constant_accuracy),
            regularization=_kept(training.get("regularization", unknown), before.regularization),
            epochs=self._epochs.before(steps),
        )

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


class LossNotice:
    """Whether the loss took notice of the steps since the last record: how far it was above its usual."""

    def __init__(self) -> None:
        self._baseline = Baseline().settled(1)

    def observe(self, peak: Floats) -> Floats:
        """Robust z of the largest losses since the records before, [records, 1]; NaN where not known."""
        usual, _, self._baseline = self._baseline.compare(peak, never)
        return usual.score


def _kept(numbers: Floats, before: Floats) -> Floats:
    """Numbers of records, the newest known one where one is NaN: of a last, hurried record they are."""
    return np.asarray(carried(numbers[:, None], before[-1:])[1:, 0])


def _nothing_known(epochs: EpochTrend) -> References:
    unknown = np.full(1, np.nan)
    return References(unknown, unknown, np.zeros(1), epochs)


def _newest(known: References, epochs: EpochTrend) -> References:
    """The newest of some references, [1], with other epochs."""
    return References(
        constant_loss=known.constant_loss[-1:],
        constant_accuracy=known.constant_accuracy[-1:],
        regularization=known.regularization[-1:],
        epochs=epochs,
    )


def _are_sound(matrices: Matrices, structure: Structure, losses: Losses) -> Mask:
    """The records at which the loss and the weights are finite: on others nothing but that can be judged."""
    weights = matrices.of(np.flatnonzero(structure.kinds["weight"]))
    bad = weights.column("nan_count") + weights.column("inf_count") > 0
    return np.asarray(losses.finite & ~bad.any(axis=1))


def _loss_of(told: Columns) -> Floats:
    """The loss of each record; NaN where it was not recorded, infinite where it was not finite."""
    bad = told.column("nan_count") + told.column("inf_count") > 0
    return np.where(bad, np.inf, told.column("mean"))[:, 0]
