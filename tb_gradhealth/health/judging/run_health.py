"""The health of a run: all its recorders, one list of findings, one verdict."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats
from tb_gradhealth.health.judging.assess import assess
from tb_gradhealth.health.judging.rule_set import RuleSet
from tb_gradhealth.health.judging.stream import Evidence, StreamHealth
from tb_gradhealth.health.results import Assessment, Finding, SymptomState, Verdict, ordered_findings
from tb_gradhealth.health.series import BUDGET, History
from tb_gradhealth.health.symptoms import SYMPTOMS
from tb_gradhealth.record import Content, Row

_INSTANCES: Final = count()


@dataclass(frozen=True)
class RunSummary:
    """A run in a few numbers; None where nothing was recorded.

    Attributes:
        records: number of records read.
        first_step: the earliest recorded step.
        last_step: the latest recorded step.
        last_wall_time: when it was written, seconds since 1970.
        tensors: number of measured tensors, whatever the number of kinds measured of each.
        every: steps between two records.
        loss_first: the first recorded finite loss.
        loss_last: the last recorded finite loss.
        loss_bad_since: the step since which the loss is not finite; None where its newest value is finite.
        not_measured: rows without numbers; each holds the reason.
    """

    records: int
    first_step: int | None
    last_step: int | None
    last_wall_time: float | None
    tensors: int
    every: int | None
    loss_first: float | None
    loss_last: float | None
    loss_bad_since: int | None
    not_measured: tuple[Row, ...]


class RunHealth:
    """Judges one run's records as they arrive, for the tab, the command line and the callback.

    Memory does not grow with the number of records, see `health.series.history`.
    """

    def __init__(
        self,
        rules: RuleSet | None = None,
        *,
        budget: int = BUDGET,
        today: Callable[[], date] = date.today,
    ) -> None:
        """A run without records.

        Args:
            rules: the rule set; the default rules where None.
            budget: bytes that each recorder's history may take, see `health.series.history.BUDGET`.
            today: returns the day by which mutes expire.
        """
        self.rules = RuleSet() if rules is None else rules
        self._budget = budget
        self._today = today
        self._streams: dict[str, StreamHealth] = {}
        self._findings: tuple[Finding, ...] | None = None
        self._assessment: Assessment | None = None
        self._instance, self._observed = next(_INSTANCES), 0

    @property
    def revision(self) -> str:
        """Changes with each record, and differs between objects: results of one revision may be cached."""
        return f"{self._instance}.{self._observed}"

    def observe(self, content: Content) -> None:
        """Add a record, steps of the flight recorder or an epoch, in the order of the event file."""
        self._findings = self._assessment = None
        self._observed += 1
        name = content.table.stream
        if name not in self._streams:
            self._streams[name] = StreamHealth(name, self.rules, self._budget)
        if len(self._streams) > 1:
            for stream in self._streams.values():
                stream.set_multiple_recorders()
        self._streams[name].observe(content)

    def judge(self, until: float) -> bool:
        """Judge what was observed, as far as time allows; the rest is judged when a result is requested.

        Args:
            until: no further block of records is begun from this time on, by `time.monotonic`.

        Returns:
            Whether all of it is judged.
        """
        judged = [stream.judge(until) for stream in self._streams.values()]
        return all(judged)

    def findings(self) -> tuple[Finding, ...]:
        """All findings so far: the most urgent incident first, the likely origin first in each."""
        if self._findings is None:
            today = self._today()
            incidents = [found for stream in self._streams.values() for found in stream.incidents(today)]
            self._findings = ordered_findings(incidents)
        return self._findings

    def states(self) -> Iterator[SymptomState]:
        """Every symptom of every tensor as of the last record: ok, flagged, or the reason for neither."""
        for stream in self._streams.values():
            yield from stream.states()

    def failures(self) -> tuple[str, ...]:
        """One sentence for each rule that failed."""
        return tuple(failure for stream in self._streams.values() for failure in stream.failures())

    def verdict(self) -> Verdict:
        """The run in one word."""
        return self.assessment().verdict

    def assessment(self) -> Assessment:
        """The run at a glance."""
        if self._assessment is None:
            streams = [stream for stream in self._streams.values() if stream.history.records]
            self._assessment = assess(
                SYMPTOMS.values(),
                [(runner, stream.structure) for stream in streams for runner in stream.runners()],
                self.findings(),
                records=sum(stream.history.records for stream in streams),
                enough=all(stream.enough for stream in streams),
            )
        return self._assessment

    def evidence(self, identity: str) -> Evidence:
        """The series behind a finding.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).evidence(identity)

    def history_of(self, identity: str) -> History:
        """The history of the recorder that has a finding.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).history

    def loss_bad_since(self, identity: str) -> int | None:
        """The step since which the loss beside a finding is not finite; None where its newest value is.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).loss_bad_since

    def trend(self, identity: str, points: int = 40) -> Floats:
        """A finding's measured value over time, in at most ``points`` values, float64.

        Raises:
            KeyError: no finding has this id.
        """
        return self._owner(identity).trend(identity, points)

    def series(self, kind: str, tensor: str, columns: Sequence[str]) -> dict[str, Floats]:
        """Columns of one row over the records in memory, and their steps under ``"step"``; float64.

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

    def losses(self) -> Floats:
        """The first recorder's loss at each record in memory, float64; NaN where it was not recorded."""
        streams = [stream for stream in self._streams.values() if stream.history.records]
        return streams[0].losses() if streams else np.empty(0)

    def histories(self) -> tuple[History, ...]:
        """One history per recorder, for `health.series.chart_queries`."""
        return tuple(stream.history for stream in self._streams.values())

    def summary(self) -> RunSummary:
        """The run in a few numbers."""
        streams = [stream for stream in self._streams.values() if stream.history.records]
        if not streams:
            return RunSummary(0, None, None, None, 0, None, None, None, None, ())
        main = streams[0]
        losses = main.losses()
        finite = losses[np.isfinite(losses)]
        rows = [row for stream in streams for row in stream.history.rows]
        newest = [record for stream in streams if (record := stream.history.newest()) is not None]
        return RunSummary(
            records=sum(stream.history.records for stream in streams),
            first_step=min(first for s in streams if (first := s.history.first_step) is not None),
            last_step=max(record.step for record in newest),
            last_wall_time=max(record.wall_time for record in newest),
            tensors=len(
                {row.tensor for row in rows if not row.not_measured and row.kind not in ("loss", "training")}
            ),
            every=main.cadence,
            loss_first=float(finite[0]) if finite.size else None,
            loss_last=float(finite[-1]) if finite.size else None,
            loss_bad_since=main.loss_bad_since,
            not_measured=tuple(row for row in rows if row.not_measured),
        )

    def _owner(self, identity: str) -> StreamHealth:
        for stream in self._streams.values():
            if stream.has_finding(identity):
                return stream
        raise KeyError(identity)
