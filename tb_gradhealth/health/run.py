"""A whole run's health: all its recorders, one list of findings, one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats
from tb_gradhealth.health.findings import Finding, Verdict, verdict_of
from tb_gradhealth.health.stream import Evidence, StreamHealth
from tb_gradhealth.record import Record, Row, Steps


@dataclass(frozen=True)
class RunSummary:
    """A run in a few numbers; None where nothing was recorded.

    Attributes:
        records: records read.
        last_step: the latest recorded step.
        last_wall_time: when it was written, seconds since the epoch.
        tensors: tensors measured, each counted once however many of its kinds are.
        every: steps between two records.
        loss_first: the first recorded finite loss.
        loss_last: the last recorded finite loss.
        not_measured: rows without numbers; each says why.
    """

    records: int
    last_step: int | None
    last_wall_time: float | None
    tensors: int
    every: int | None
    loss_first: float | None
    loss_last: float | None
    not_measured: tuple[Row, ...]


class RunHealth:
    """Judges one run's records as they arrive; the same for the tab, the command line and the callback."""

    def __init__(self) -> None:
        self._streams: dict[str, StreamHealth] = {}

    def observe(self, record: Record | Steps) -> None:
        """Add a record, in the order in which its file holds it."""
        if isinstance(record, Steps):
            return  # the rules judge records, whose sticky columns carry what the steps between them held
        name = record.table.stream
        if name not in self._streams:
            self._streams[name] = StreamHealth(name)
        self._streams[name].observe(record)

    def findings(self) -> tuple[Finding, ...]:
        """All findings so far, in order of their onset."""
        found = [finding for stream in self._streams.values() for finding in stream.findings()]
        return tuple(sorted(found, key=lambda finding: finding.opened_step))

    def failures(self) -> tuple[str, ...]:
        """Rules that failed, each in a sentence."""
        return tuple(failure for stream in self._streams.values() for failure in stream.failures())

    def verdict(self) -> Verdict:
        """The run in one word."""
        records = sum(len(stream.history.records) for stream in self._streams.values())
        return verdict_of(self.findings(), records)

    def evidence(self, identity: str) -> Evidence:
        """What stands behind a finding.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).evidence(identity)

    def trend(self, identity: str, points: int = 40) -> Floats:
        """A finding's measured value over time, at most ``points`` of it, float64.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).trend(identity, points)

    def series(self, kind: str, tensor: str, columns: Sequence[str]) -> dict[str, Floats]:
        """Columns of one row over all records, and their steps under ``"step"``; float64.

        Raises:
            KeyError: no recorder of this run measured that kind of that tensor.
        """
        for stream in self._streams.values():
            row = stream.history.row(kind, tensor)
            if row is None:
                continue
            steps = stream.history.steps().astype(np.float64)
            return {"step": steps, **{name: stream.history.series(row, name) for name in columns}}
        raise KeyError((kind, tensor))

    def summary(self) -> RunSummary:
        """The run in a few numbers."""
        histories = [stream.history for stream in self._streams.values() if stream.history.records]
        if not histories:
            return RunSummary(0, None, None, 0, None, None, None, ())
        main = next(iter(self._streams.values()))
        losses = main.losses()
        finite = losses[np.isfinite(losses)]
        rows = [row for history in histories for row in history.rows]
        return RunSummary(
            records=sum(len(history.records) for history in histories),
            last_step=max(history.records[-1].step for history in histories),
            last_wall_time=max(history.records[-1].wall_time for history in histories),
            tensors=len({row.tensor for row in rows if not row.not_measured and row.kind != "loss"}),
            every=main.cadence,
            loss_first=float(finite[0]) if finite.size else None,
            loss_last=float(finite[-1]) if finite.size else None,
            not_measured=tuple(row for row in rows if row.not_measured),
        )

    def _owner(self, identity: str) -> StreamHealth:
        for stream in self._streams.values():
            if stream.holds(identity):
                return stream
        raise KeyError(identity)
