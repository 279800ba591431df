"""The HTTP routes: parse, ask `answers`. No path of a request reaches the disk, nothing is ever written."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from werkzeug.wrappers import Request

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.health.series import ALL_STEPS, DERIVED, History, Reduction
from tb_gradhealth.monitor import Follower, Monitor, RangeCache, RunCache, Snapshot, TrialRun
from tb_gradhealth.plugin import parameters
from tb_gradhealth.plugin.answers import charts, findings, first_page, rules, runs, tensors, trial
from tb_gradhealth.plugin.application import (
    FRAME,
    JSON,
    Body,
    Json,
    Prepared,
    Route,
    Wsgi,
    application,
    attachment,
)
from tb_gradhealth.plugin.message import message_module
from tb_gradhealth.plugin.openapi import openapi
from tb_gradhealth.record import KINDS
from tb_gradhealth.record.columns import STATISTICS
from tb_gradhealth.report import FORMATS, report_of
from tb_gradhealth.rules import RulesInForce
from tb_gradhealth.version import __version__

BUNDLE: Final = Path(__file__).parent / "static" / "index.js"

JUDGED_AT_ONCE: Final = 100
"""Runs that one question to `judge` is answered for."""

MAX_RULES_CHARACTERS: Final = 16 << 10
"""Characters of a rule document or file in a request."""

MOST_TRENDS: Final = 200
MOST_STATES: Final = 2_000

Histories = Sequence[History]
Answered = TypeVar("Answered")


def routes(monitor: Monitor, logdir: str, rules_in_force: RulesInForce) -> dict[str, Wsgi]:
    """Every route as a WSGI application, by its path below the plugin's.

    Args:
        monitor: what the answers are read from.
        logdir: what the tab says it is looking at.
        rules_in_force: the rules that the monitor judges by.
    """
    given = _Routes(monitor, logdir, rules_in_force)
    table: dict[str, Route] = {
        "/runs": given.runs,
        "/findings": given.findings,
        "/trends": given.trends,
        "/evidence": given.evidence,
        "/symptoms": given.symptoms,
        "/tensors": given.tensors,
        "/states": given.states,
        "/series": given.series,
        "/steps": given.steps,
        "/magnitudes": given.magnitudes,
        "/heatmap": given.heatmap,
        "/rules": given.rules,
        "/judge": given.judge,
        "/report": given.report,
        "/problems": given.problems,
        "/version": given.version,
        "/openapi.json": given.openapi,
        "/index.js": _index,
    }
    return {path: application(route) for path, route in table.items()}


class _Routes:
    """The routes over one monitor: each parses its question and says what its answer depends on."""

    def __init__(self, monitor: Monitor, logdir: str, rules_in_force: RulesInForce) -> None:
        self._monitor, self._logdir, self._rules_in_force = monitor, logdir, rules_in_force
        self._follower = Follower(monitor.refresh_in_slices)
        self._ranges = RangeCache()
        self._rows = RunCache(runs.run_row)
        self._run_findings = RunCache(findings.RunFindings)
        self._one_judge = threading.Lock()
        # Revisions count from a process's start, so another process's must not look the same.
        self._process = f"{__version__} {os.getpid()} {time.time_ns()}"

    def runs(self, request: Request) -> Prepared:
        def body() -> Body:
            names = self._read(lambda snapshot: list(snapshot.runs))
            # Files are looked into, which nobody should wait for who asks for something else.
            hparams = {name: self._monitor.hparams(name) for name in names}
            return Body(
                self._read(
                    lambda snapshot: runs.runs_answer(
                        snapshot, self._logdir, time.time(), self._rows, hparams.get
                    )
                )
            )

        # What others write into a run's files shows in how far it is read, and in its hyper-parameters.
        return Prepared(f"{self._revision([])} {self._monitor.bytes_read()}", body)

    def problems(self, request: Request) -> Prepared:
        name = parameters.optional(request, "run")
        return self._over_everything(lambda snapshot: runs.problems_answer(snapshot, name))

    def findings(self, request: Request) -> Prepared:
        wanted = parameters.several(request, "run")
        trends = parameters.one_of(request, "trends", ("0", "1"), "1") == "1"
        limit = parameters.whole(request, "limit", 0, 1, first_page.MAX_INCIDENTS)

        def body() -> Body:
            if trends and not limit:
                return Body(self._read(lambda snapshot: findings.findings_answer(snapshot, wanted)))
            told = self._read(
                lambda snapshot: [self._run_findings.get(run) for run in snapshot.select(wanted)]
            )
            if limit:
                return Body(first_page.page_answer([each.page for each in told], limit))
            return Body(findings.findings_text(told), JSON)

        return Prepared(self._revision(wanted), body)

    def trends(self, request: Request) -> Prepared:
        run = parameters.one(request, "run")
        wanted = parameters.several(request, "finding", MOST_TRENDS)
        return self._over_runs([run], lambda snapshot: findings.trends_answer(snapshot, run, wanted))

    def evidence(self, request: Request) -> Prepared:
        run, finding = parameters.one(request, "run"), parameters.one(request, "finding", longest=80)
        return self._over_runs([run], lambda snapshot: findings.evidence_frame(snapshot, run, finding))

    def tensors(self, request: Request) -> Prepared:
        run = parameters.one(request, "run")
        return self._over_runs([run], lambda snapshot: tensors.tensors_answer(snapshot, run))

    def states(self, request: Request) -> Prepared:
        run = parameters.one(request, "run")
        tensor, symptom = parameters.optional(request, "tensor"), parameters.optional(request, "symptom")
        if symptom is not None:
            parameters.known(symptom, "symptom", SYMPTOMS)
        offset = parameters.whole(request, "offset", 0, 0, 10**9)
        limit = parameters.whole(request, "limit", MOST_STATES, 1, MOST_STATES)
        return self._over_runs(
            [run], lambda snapshot: tensors.states_answer(snapshot, run, tensor, symptom, offset, limit)
        )

    def series(self, request: Request) -> Prepared:
        run, tensor, kind = _tensor_in(request)
        columns = parameters.some_of(request, "column", STATISTICS)
        steps = parameters.steps(request)
        points = parameters.whole(request, "points", 1024, 16, 4096)

        def body() -> Body:
            with self._monitor.snapshot() as snapshot:
                histories = snapshot.run(run).health.histories()
                cells = charts.series_cells(histories, run, kind, tensor, columns, steps, points)
                files = self._monitor.files(run)
            if steps != ALL_STEPS and not charts.exact(cells):
                cells = self._ranges.series(run, files, kind, tensor, columns, steps, points) or cells
            return Body(charts.series_frame(cells, run, kind, tensor), FRAME)

        return Prepared(self._revision([run]), body)

    def steps(self, request: Request) -> Prepared:
        run, tensor, kind = _tensor_in(request)
        return self._over_histories(run, lambda each: charts.steps_frame(each, run, kind, tensor))

    def magnitudes(self, request: Request) -> Prepared:
        run, tensor, kind = _tensor_in(request)
        steps, width = parameters.steps(request), parameters.whole(request, "width", 256, 8, 1024)
        return self._over_histories(
            run, lambda each: charts.magnitudes_frame(each, run, kind, tensor, steps, width)
        )

    def heatmap(self, request: Request) -> Prepared:
        run, kind = parameters.one(request, "run"), parameters.one_of(request, "kind", KINDS)
        column = parameters.one_of(request, "column", (*STATISTICS, *DERIVED))
        steps, width = parameters.steps(request), parameters.whole(request, "width", 512, 8, 2048)
        how = cast(Reduction, parameters.one_of(request, "reduce", get_args(Reduction), "max"))
        return self._over_histories(
            run, lambda each: charts.heatmap_frame(each, run, kind, column, steps, width, how)
        )

    def report(self, request: Request) -> Prepared:
        wanted = parameters.several(request, "run")
        form = FORMATS[parameters.one_of(request, "format", tuple(FORMATS), "json")]

        def body() -> Body:
            with self._monitor.snapshot() as snapshot:
                for name in wanted:
                    snapshot.run(name)
                report = report_of(snapshot, names=wanted or None)
            return Body(form.render(report).encode("utf-8", "replace"), form.mimetype, attachment(form.file))

        if wanted:
            self._monitor.prefer(wanted)
        return Prepared(self._revision([]), body)  # it tells the problems of the whole log directory

    def judge(self, request: Request) -> Prepared:
        wanted = parameters.several(request, "run", JUDGED_AT_ONCE)
        texts = [parameters.optional(request, name, MAX_RULES_CHARACTERS) for name in ("rules", "toml")]
        rule_set = trial.rules_of(*texts)
        in_full = parameters.one_of(request, "findings", ("0", "1"), "1") == "1"

        def body() -> Body:
            with self._monitor.snapshot() as snapshot:
                these = snapshot.select(wanted)
                if len(these) > JUDGED_AT_ONCE:
                    raise parameters.BadRequestError(
                        f"{len(these)} runs are too many to judge at once, name {JUDGED_AT_ONCE} by 'run'"
                    )
                trial_runs = [TrialRun.of(run) for run in these]
            # One at a time: each takes a core for as long as reading the records took.
            with self._one_judge:
                return Body(trial.judge_answer(trial_runs, rule_set, self._rules_in_force.rules, in_full))

        return Prepared(self._revision(wanted), body)

    def symptoms(self, request: Request) -> Prepared:
        return Prepared(self._process, lambda: Body(rules.symptoms_answer()))

    def rules(self, request: Request) -> Prepared:
        return Prepared(self._process, lambda: Body(rules.rules_answer(self._rules_in_force)))

    def version(self, request: Request) -> Prepared:
        return Prepared(self._process, lambda: Body(runs.version_answer()))

    def openapi(self, request: Request) -> Prepared:
        kinds = {name: form.mimetype for name, form in FORMATS.items()}
        document = openapi(
            JUDGED_AT_ONCE, MOST_TRENDS, MOST_STATES, first_page.MAX_INCIDENTS, MAX_RULES_CHARACTERS, kinds
        )
        return Prepared(self._process, lambda: Body(document))

    def _over_everything(self, answer: Callable[[Snapshot], Json]) -> Prepared:
        return Prepared(self._revision([]), lambda: Body(self._read(answer)))

    def _over_runs(self, names: list[str], answer: Callable[[Snapshot], Json | bytes]) -> Prepared:
        def body() -> Body:
            content = self._read(answer)
            return Body(content, FRAME) if isinstance(content, bytes) else Body(content)

        return Prepared(self._revision(names), body)

    def _over_histories(self, name: str, answer: Callable[[Histories], bytes]) -> Prepared:
        def over(snapshot: Snapshot) -> bytes:
            return answer(snapshot.run(name).health.histories())

        return self._over_runs([name], over)

    def _revision(self, names: list[str]) -> str:
        """What the answers about some runs, or about all, depend on."""
        if names:
            self._monitor.prefer(names)
        self._follower.follow()
        with self._monitor.snapshot() as snapshot:
            runs = " ".join(run.revision for run in snapshot.select(names)) if names else ""
            read = runs if names else snapshot.revision
        # Mutes expire with the day.
        return f"{self._process} {date.today()} {read}"

    def _read(self, answer: Callable[[Snapshot], Answered]) -> Answered:
        with self._monitor.snapshot() as snapshot:
            return answer(snapshot)


def _tensor_in(request: Request) -> tuple[str, str, str]:
    """Run, tensor and kind."""
    run, tensor = parameters.one(request, "run"), parameters.one(request, "tensor")
    return run, tensor, parameters.one_of(request, "kind", KINDS)


def _index(request: Request) -> Prepared:
    """The tab's module, asked for anew each time: it changes with each installation."""
    try:
        module = BUNDLE.read_bytes()
    except FileNotFoundError:
        module = message_module(
            "The Grad Health tab is not built",
            [
                "This is a source tree without the tab's bundle.",
                "Build it with `npm ci && npm run build` in frontend/, or with `pip install -e .`.",
                "Then reload this page.",
            ],
        ).encode()
    return Prepared(hashlib.sha256(module).hexdigest(), lambda: Body(module, "text/javascript"))
