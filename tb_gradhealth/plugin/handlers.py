"""Handlers of the routes: each receives parsed parameters and returns an answer with its revision.

No path from a request reaches the file system, and nothing is ever written.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar

from tb_gradhealth.health.series import ALL_STEPS, History, Reduction, StepRange
from tb_gradhealth.monitor import Follower, Monitor, RangeCache, RunCache, Snapshot, TrialRun
from tb_gradhealth.plugin.answers import charts, findings, first_page, rules, runs, tensors, trial
from tb_gradhealth.plugin.application import FRAME, JSON, Answer, Body, Json, attachment
from tb_gradhealth.plugin.parameters import BadRequestError
from tb_gradhealth.report import FORMATS, report_of
from tb_gradhealth.rules import RulesInForce
from tb_gradhealth.version import __version__

MAX_TRIAL_RUNS: Final = 100
"""Runs of one request to `judge`."""

Histories = Sequence[History]
Result = TypeVar("Result")


class Handlers:
    """The handlers over one monitor."""

    def __init__(self, monitor: Monitor, logdir: str, rules_in_force: RulesInForce) -> None:
        """Create the handlers; nothing is read before the first request.

        Args:
            monitor: the monitor that answers are read from.
            logdir: the log directory as shown in the tab.
            rules_in_force: the rules that the monitor judges by.
        """
        self._monitor, self._logdir, self._rules_in_force = monitor, logdir, rules_in_force
        self._follower = Follower(monitor.refresh_in_slices)
        self._ranges = RangeCache()
        self._run_rows = RunCache(runs.run_row)
        self._run_findings = RunCache(findings.RunFindings)
        self._trial_lock = threading.Lock()
        # Revisions of runs restart with the process, so ETags contain the process too.
        self._process = f"{__version__} {os.getpid()} {time.time_ns()}"

    def runs(self) -> Answer:
        """The route `runs`."""

        def body() -> Body:
            names = self._read(lambda snapshot: list(snapshot.runs))
            # Read without the lock, since it opens files.
            hparams = {name: self._monitor.hparams(name) for name in names}
            return Body(
                self._read(
                    lambda snapshot: runs.runs_answer(
                        snapshot, self._logdir, time.time(), self._run_rows, hparams.get
                    )
                )
            )

        # Values of other plugins change the progress of reading, and can be hyper-parameters.
        return Answer(f"{self._revision([])} {self._monitor.bytes_read()}", body)

    def problems(self, run: str | None) -> Answer:
        """The route `problems`."""
        return self._of_runs([], lambda snapshot: runs.problems_answer(snapshot, run))

    def findings(self, names: list[str], trends: bool, limit: int | None) -> Answer:
        """The route `findings`."""

        def body() -> Body:
            if trends and limit is None:
                return Body(self._read(lambda snapshot: findings.findings_answer(snapshot, names)))
            cached = self._read(
                lambda snapshot: [self._run_findings.get(run) for run in snapshot.select(names)]
            )
            if limit is not None:
                return Body(first_page.page_answer([each.page for each in cached], limit))
            return Body(findings.findings_text(cached), JSON)

        return Answer(self._revision(names), body)

    def trends(self, run: str, identities: list[str]) -> Answer:
        """The route `trends`."""
        return self._of_runs([run], lambda snapshot: findings.trends_answer(snapshot, run, identities))

    def evidence(self, run: str, finding: str) -> Answer:
        """The route `evidence`."""
        return self._of_runs([run], lambda snapshot: findings.evidence_frame(snapshot, run, finding))

    def tensors(self, run: str) -> Answer:
        """The route `tensors`."""
        return self._of_runs([run], lambda snapshot: tensors.tensors_answer(snapshot, run))

    def states(self, run: str, tensor: str | None, symptom: str | None, offset: int, limit: int) -> Answer:
        """The route `states`."""
        return self._of_runs(
            [run], lambda snapshot: tensors.states_answer(snapshot, run, tensor, symptom, offset, limit)
        )

    def series(
        self, run: str, tensor: str, kind: str, columns: list[str], steps: StepRange, points: int
    ) -> Answer:
        """The route `series`."""

        def body() -> Body:
            with self._monitor.snapshot() as snapshot:
                histories = snapshot.run(run).health.histories()
                series = charts.series_of(histories, run, kind, tensor, columns, steps, points)
                files = self._monitor.files(run)
            if steps != ALL_STEPS and not charts.is_complete(series):
                series = self._ranges.series(run, files, kind, tensor, columns, steps, points) or series
            return Body(charts.series_frame(series, run, kind, tensor), FRAME)

        return Answer(self._revision([run]), body)

    def steps(self, run: str, tensor: str, kind: str) -> Answer:
        """The route `steps`."""
        return self._of_histories(run, lambda each: charts.steps_frame(each, run, kind, tensor))

    def magnitudes(self, run: str, tensor: str, kind: str, steps: StepRange, width: int) -> Answer:
        """The route `magnitudes`."""
        return self._of_histories(
            run, lambda each: charts.magnitudes_frame(each, run, kind, tensor, steps, width)
        )

    def heatmap(
        self, run: str, kind: str, column: str, steps: StepRange, width: int, reduction: Reduction
    ) -> Answer:
        """The route `heatmap`."""
        return self._of_histories(
            run, lambda each: charts.heatmap_frame(each, run, kind, column, steps, width, reduction)
        )

    def report(self, names: list[str], form: str) -> Answer:
        """The route `report`."""
        chosen = FORMATS[form]

        def body() -> Body:
            # Read without the lock, since it opens files; raises where a run does not exist.
            chosen_runs = self._read(lambda snapshot: [run.name for run in snapshot.select(names)])
            asked = chosen_runs if chosen.has_hparams else []
            hparams = {name: self._monitor.hparams(name) for name in asked}
            with self._monitor.snapshot() as snapshot:
                report = report_of(snapshot, names=names or None, charts=chosen.has_charts, hparams=hparams)
            content = chosen.render(report).encode("utf-8", "replace")
            return Body(content, chosen.mimetype, attachment(chosen.file))

        if names:
            self._monitor.prefer(names)
        return Answer(self._revision([]), body)  # it contains the problems of the whole log directory

    def judge(self, names: list[str], document: str | None, file: str | None, with_findings: bool) -> Answer:
        """The route `judge`."""
        rule_set = trial.rules_of(document, file)

        def body() -> Body:
            with self._monitor.snapshot() as snapshot:
                selected = snapshot.select(names)
                if len(selected) > MAX_TRIAL_RUNS:
                    raise BadRequestError(
                        f"{len(selected)} runs are too many to judge at once, name {MAX_TRIAL_RUNS} by 'run'"
                    )
                trial_runs = [TrialRun.of(run) for run in selected]
            # One trial at a time, since each uses a core for as long as reading the records took.
            with self._trial_lock:
                in_force = self._rules_in_force.rules
                return Body(trial.judge_answer(trial_runs, rule_set, in_force, with_findings))

        return Answer(self._revision(names), body)

    def symptoms(self) -> Answer:
        """The route `symptoms`."""
        return self.constant(rules.symptoms_answer)

    def rules(self) -> Answer:
        """The route `rules`."""
        return self.constant(lambda: rules.rules_answer(self._rules_in_force))

    def version(self) -> Answer:
        """The route `version`."""
        return self.constant(runs.version_answer)

    def constant(self, content: Callable[[], Json]) -> Answer:
        """An answer that does not change while the process runs."""
        return Answer(self._process, lambda: Body(content()))

    def _of_runs(self, names: list[str], content: Callable[[Snapshot], Json | bytes]) -> Answer:
        """An answer from a snapshot that depends on some runs, or on everything where none is named."""

        def body() -> Body:
            value = self._read(content)
            return Body(value, FRAME) if isinstance(value, bytes) else Body(value)

        return Answer(self._revision(names), body)

    def _of_histories(self, name: str, frame: Callable[[Histories], bytes]) -> Answer:
        """An answer from the histories of one run."""
        return self._of_runs([name], lambda snapshot: frame(snapshot.run(name).health.histories()))

    def _revision(self, names: list[str]) -> str:
        """Refresh, and return the revision of some runs, or of everything where none is named."""
        if names:
            self._monitor.prefer(names)
        self._follower.follow()
        with self._monitor.snapshot() as snapshot:
            if names:
                revision = " ".join(run.revision for run in snapshot.select(names))
            else:
                revision = snapshot.revision
        # Mutes expire at the end of a day.
        return f"{self._process} {date.today()} {revision}"

    def _read(self, read: Callable[[Snapshot], Result]) -> Result:
        with self._monitor.snapshot() as snapshot:
            return read(snapshot)
