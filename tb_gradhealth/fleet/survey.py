"""Lists the runs of log directories once, has them judged, and makes one report of all outcomes."""

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace

from tb_gradhealth.events import Discovery, Root, discover
from tb_gradhealth.fleet.cluster import judged_on_cluster
from tb_gradhealth.fleet.judging import Outcome, RunFiles, Settings, judge
from tb_gradhealth.fleet.processes import judged_in_processes
from tb_gradhealth.fleet.workers import default_workers
from tb_gradhealth.report import Report, audit_of, report_of_runs
from tb_gradhealth.rules import RulesInForce


class NoSuchRunError(LookupError):
    """No run has a name that matches; the message is a sentence for the user."""


class Survey:
    """The runs to judge, and the report of their outcomes."""

    def __init__(self, roots: Sequence[Root], pattern: "re.Pattern[str] | None" = None) -> None:
        """List the runs; no event file is opened.

        Args:
            roots: the log directories.
            pattern: only runs in whose name this regular expression is found; all where None.

        Raises:
            NoSuchRunError: there are runs, but none of such a name.
        """
        self._discovery: Discovery = discover(roots)
        found = self._discovery.runs
        self.runs = tuple(
            RunFiles(name, files, self._discovery.sessions(name))
            for name, files in found.items()
            if not pattern or pattern.search(name)
        )
        if pattern and found and not self.runs:
            raise NoSuchRunError(f"none of {len(found)} runs matches {pattern.pattern!r}")

    def judged(
        self, settings: Settings, workers: int | None = None, cluster: str | None = None
    ) -> Generator[Outcome, None, None]:
        """The outcome of each of ``runs``, in any order; close the iterator to end the workers.

        Args:
            settings: how to judge the runs.
            workers: number of processes; 1 for this process, None for as many as pay for themselves.
            cluster: address of a Dask scheduler, whose workers judge the runs instead.

        Raises:
            FleetError: there are no such workers, or they were lost.
        """
        if cluster is not None:
            return judged_on_cluster(self.runs, settings, cluster)
        if workers is None:
            workers = default_workers(self.runs)
        if workers > 1:
            return judged_in_processes(self.runs, settings, workers)
        return (judge(run, settings) for run in self.runs)

    def report(self, outcomes: Iterable[Outcome], audit: RulesInForce | None = None) -> Report:
        """The report of the outcomes, whatever their order.

        Args:
            outcomes: one of each of ``runs``.
            audit: the rules to name in an audit; no audit where None.
        """
        ordered = sorted(outcomes, key=lambda outcome: outcome.name)
        report = report_of_runs(
            [outcome.judged for outcome in ordered if outcome.judged is not None],
            (*self._discovery.problems, *(each for outcome in ordered for each in outcome.problems)),
            self._discovery.missing,
            sum(outcome.judged is None for outcome in ordered),
        )
        if audit is None:
            return report
        files = {outcome.name: outcome.files for outcome in ordered if outcome.judged is not None}
        return replace(report, audit=audit_of(audit, files))
