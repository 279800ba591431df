"""What changes when a run does."""

from tb_gradhealth.monitor import MonitoredRun, Snapshot


def revision_of(run: MonitoredRun) -> str:
    """Changes whenever anything read from the run does."""
    return run.revision


def revision_of_all(snapshot: Snapshot) -> str:
    """Changes whenever anything that is snapshot does."""
    others = (
        f"{snapshot.other_runs} {snapshot.missing} {snapshot.problems} {snapshot.loaded} {snapshot.runs_read}"
    )
    return " ".join([*(f"{name} {revision_of(run)}" for name, run in snapshot.runs.items()), others])
