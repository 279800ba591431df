"""One recorder's history under the rules: records in, findings and their evidence out."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats
from tb_gradhealth.health.findings import SEVERITIES, Finding, finding_id
from tb_gradhealth.health.history import History
from tb_gradhealth.health.lifecycle import NEVER, Course, advance
from tb_gradhealth.health.origin import Located, mark_origins
from tb_gradhealth.health.outcome import LossTrend, Outcome
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.health.symptom import Facts, Symptom, View
from tb_gradhealth.health.symptoms import SYMPTOMS
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable

_log = logging.getLogger(__name__)

LOSS: Final = ("loss", "loss")
"""Kind and tensor of the row that holds the loss, in its ``mean``."""


@dataclass(frozen=True)
class Evidence:
    """What stands behind one finding, over all records; float64 arrays of shape [records].

    ``columns`` holds step, value, threshold, statistic, reference and loss; NaN where not measured.
    ``labels`` says in words what value, statistic and reference are.
    """

    columns: dict[str, Floats]
    labels: dict[str, str]


class _Watch:
    """One symptom watching one history."""

    def __init__(self, symptom: type[Symptom]) -> None:
        self.symptom = symptom
        self.rule = symptom()
        self.course = Course.of(0)
        self.failure = ""
        self.values: list[npt.NDArray[np.float32]] = []
        self.references: list[npt.NDArray[np.float32]] = []

    def observe(self, view: View) -> None:
        size = len(view.structure.rows)
        if size > self.course.count.size:
            self.course.grow(size)
        judged = self.rule.observe(view)
        advance(
            self.course,
            judged,
            view.step,
            view.outcome,
            immediate=self.symptom.immediate,
            below=self.symptom.direction == "below",
            weighed=self.symptom.weighed,
        )
        self.values.append(judged.value.astype(np.float32))
        self.references.append(judged.reference.astype(np.float32))


class StreamHealth:
    """The judged history of one recorder.

    Records are judged when someone asks, not when they arrive: a training that stepped back is then
    judged anew once, however many records it overtook.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.history = History()
        self._found: dict[str, tuple[_Watch, int]] | None = None
        self._findings: list[Finding] | None = None
        self._begin()

    def observe(self, record: Record) -> None:
        """Add a record; one that goes back in steps replaces what it overtakes."""
        self._found = self._findings = None
        if self.history.append(record) < self._judged:
            self._begin()

    def findings(self) -> list[Finding]:
        """All findings so far in order of their onset, each group's likely origin first."""
        places = self._places()
        if self._findings is None:
            located = [self._describe(identity, *place) for identity, place in places.items()]
            self._findings = mark_origins(located, tolerance=self.cadence or 1)
        return self._findings

    def failures(self) -> list[str]:
        """Rules that failed, each in a sentence: what they would have found from there on is not known."""
        self._catch_up()
        return [watch.failure for watch in self._watches if watch.failure]

    @property
    def cadence(self) -> int | None:
        """Steps between two records as the recorder announced them, if it did."""
        every = self.history.records[-1].table.settings.get("every") if self.history.records else None
        return every if isinstance(every, int) and not isinstance(every, bool) else None

    def losses(self) -> Floats:
        """The loss at each record, float64 of shape [records], NaN where it was not recorded."""
        row = self.history.row(*LOSS)
        return np.full(len(self.history.records), np.nan) if row is None else self.history.series(row, "mean")

    def holds(self, identity: str) -> bool:
        """Whether a finding has this id."""
        return identity in self._places()

    def evidence(self, identity: str) -> Evidence:
        """What stands behind a finding.

        Raises:
            KeyError: no finding has this id.
        """
        watch, row = self._places()[identity]
        symptom = watch.symptom
        return Evidence(
            columns={
                "step": self.history.steps().astype(np.float64),
                "value": self._column(watch.values, row),
                "threshold": np.full(len(self.history.records), symptom.threshold),
                "statistic": self.history.series(row, symptom.statistic),
                "reference": self._column(watch.references, row),
                "loss": self.losses(),
            },
            labels=asdict(symptom.labels),
        )

    def trend(self, identity: str, points: int) -> Floats:
        """The measured value of a finding's rule, at most ``points`` of it, each the worst of its stretch.

        Raises:
            KeyError: no finding has this id.
        """
        watch, row = self._places()[identity]
        values = self._column(watch.values, row)
        if values.size <= points:
            return values
        # The worst of each stretch: a single spike is what the line is there to show.
        worst = np.fmin if watch.symptom.direction == "below" else np.fmax
        return np.array([worst.reduce(stretch) for stretch in np.array_split(values, points)])

    def _begin(self) -> None:
        self._watches = [_Watch(symptom) for symptom in SYMPTOMS.values()]
        self._loss = LossTrend()
        self._outcome: Outcome = "unknown"
        self._judged = 0
        self._structure = Structure.of(())
        self._table: RowTable | None = None

    def _catch_up(self) -> None:
        for index in range(self._judged, len(self.history.records)):
            self._judge(index)
        self._judged = len(self.history.records)

    def _judge(self, index: int) -> None:
        record = self.history.records[index]
        if record.table is not self._table:
            self._table = record.table
            self._structure = Structure.of(self._rows_until(record))
        size = len(self._structure.rows)
        columns = dict(zip(COLUMNS, self.history.values(record, COLUMNS, size), strict=True))
        self._outcome = self._loss.observe(_loss_of(columns, self.history.row(*LOSS)))
        view = View(
            step=record.step,
            structure=self._structure,
            columns=columns,
            outcome=self._outcome,
        )
        for watch in self._watches:
            if watch.failure:
                continue
            try:
                watch.observe(view)
            except Exception as error:  # one rule that fails must not take the others' findings along
                _log.exception("%s failed at step %d", watch.symptom.id, record.step)
                watch.failure = f"{watch.symptom.id} is not judged from step {record.step} on: {error!r}"

    def _rows_until(self, record: Record) -> list[Row]:
        """The rows known when this record came, described as it describes them, not as later ones do."""
        rows = list(self._structure.rows)
        for place, row in zip(self.history.places(record).tolist(), record.table.rows, strict=True):
            rows += self.history.rows[len(rows) : place + 1]
            rows[place] = row
        return rows

    def _places(self) -> dict[str, tuple[_Watch, int]]:
        """Where each finding is, by its id; kept until the next record, for there can be thousands."""
        self._catch_up()
        if self._found is None:
            found: dict[str, tuple[_Watch, int]] = {}
            for watch in self._watches:
                for row in _ill(watch.course):
                    described = self.history.rows[row]
                    identity = finding_id(self.stream, watch.symptom.id, described.kind, described.tensor)
                    found[identity] = watch, int(row)
            self._found = found
        return self._found

    def _column(self, arrays: list[npt.NDArray[np.float32]], row: int) -> Floats:
        """One row over all records; NaN before a later table brought it and after its rule failed."""
        column = np.full(len(self.history.records), np.nan)
        column[: len(arrays)] = [array[row] if row < array.size else np.nan for array in arrays]
        return column

    def _describe(self, identity: str, watch: _Watch, row: int) -> Located:
        course, symptom, described = watch.course, watch.symptom, self.history.rows[row]
        facts = Facts(
            row=described,
            opened_step=int(course.opened[row]),
            peak_step=int(course.peak[row]),
            value=float(course.extreme[row]),
            threshold=symptom.threshold,
            outcome=self._outcome,
        )
        resolved = int(course.resolved[row])
        finding = Finding(
            id=identity,
            symptom=symptom.id,
            severity=SEVERITIES[int(course.severity[row])],
            kind=described.kind,
            tensor=described.tensor,
            layer=described.layer,
            state="open" if resolved == NEVER else "resolved",
            opened_step=facts.opened_step,
            last_step=int(course.last[row]),
            peak_step=facts.peak_step,
            resolved_step=None if resolved == NEVER else resolved,
            count=int(course.count[row]),
            value=facts.value,
            threshold=facts.threshold,
            origin=False,
            message=watch.rule.message(facts),
        )
        return Located(finding, described, from_output=symptom.worst_first_from_output)


def _loss_of(columns: Mapping[str, Floats], row: int | None) -> float:
    if row is None:
        return np.nan
    bad = columns["nan_count"][row] + columns["inf_count"][row] > 0
    return np.inf if bad else float(columns["mean"][row])


def _ill(course: Course) -> npt.NDArray[np.intp]:
    return np.flatnonzero(course.opened != NEVER)
