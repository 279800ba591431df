"""The state of a log directory as OpenMetrics, for Prometheus; by its own client library."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tb_gradhealth.monitor import Monitor, MonitoredRun, Snapshot
from tb_gradhealth.report.model import by_urgency
from tb_gradhealth.report.sanitizing import visible

PREFIX: Final = "gradhealth_"

MAX_LABEL: Final = 200
"""Characters of a run's name in a label."""


class RunsCollector(Collector):
    """Reads what is new at each scrape. The number of series is bounded by the number of runs with labels."""

    def __init__(self, monitor: Monitor, max_runs: int) -> None:
        """Create a collector.

        Args:
            monitor: of the log directory.
            max_runs: runs that have series of their own, the most urgent first; all others are only counted.
        """
        self._monitor, self._max_runs = monitor, max_runs

    def describe(self) -> list[Metric]:
        """No metrics: the registry does not read the log directory before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of now."""
        self._monitor.refresh()
        with self._monitor.snapshot() as snapshot:
            labelled = by_urgency(snapshot.runs.values(), lambda run: run.health.assessment())
            labelled = labelled[: self._max_runs]
            metrics = [*_of_all(snapshot, self._max_runs), *_of_runs(labelled)]
        yield from metrics


def _of_all(snapshot: Snapshot, max_runs: int) -> list[Metric]:
    omitted = max(len(snapshot.runs) - max_runs, 0)
    problems = len(snapshot.problems) + len(snapshot.missing)
    return [
        _gauge("runs", "Runs with records.", [], [([], len(snapshot.runs))]),
        _gauge("runs_omitted", "The least urgent runs, without series of their own.", [], [([], omitted)]),
        _gauge("log_directory_problems", "Unreadable data that belong to no run.", [], [([], problems)]),
    ]


def _of_runs(runs: Sequence[MonitoredRun]) -> list[Metric]:
    now = time.time()
    findings, verdicts, steps, records, times, ages, problems = ([] for _ in range(7))
    for run in runs:
        name, summary = [visible(run.name, MAX_LABEL)], run.health.summary()
        counts = Counter(
            (finding.symptom, finding.severity)
            for finding in run.health.findings()
            if finding.state == "open" and not finding.muted
        )
        findings += [([*name, symptom, severity], count) for (symptom, severity), count in counts.items()]
        verdicts.append(([*name, run.health.assessment().verdict], 1))
        records.append((name, summary.records))
        problems.append((name, len(run.problems())))
        if summary.last_step is not None:
            steps.append((name, summary.last_step))
        if summary.last_wall_time is not None:
            times.append((name, summary.last_wall_time))
            ages.append((name, max(now - summary.last_wall_time, 0.0)))
    return [
        _gauge(
            "open_findings", "Open findings, without muted ones.", ["run", "symptom", "severity"], findings
        ),
        _gauge("verdict", "1 for the verdict of the run.", ["run", "verdict"], verdicts),
        _gauge("last_step", "The latest recorded step.", ["run"], steps),
        _gauge("records", "Records read.", ["run"], records),
        _gauge("last_record_timestamp_seconds", "When the latest record was written.", ["run"], times),
        _gauge("last_record_age_seconds", "Seconds since the latest record was written.", ["run"], ages),
        _gauge("problems", "What could not be read of the run.", ["run"], problems),
    ]


def _gauge(
    name: str, text: str, labels: Sequence[str], samples: Sequence[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for values, number in samples:
        family.add_metric(list(values), number)
    return family
