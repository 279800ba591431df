"""What changes when a run does."""

from tb_gradhealth.monitor import MonitoredRun, Watched


def revision_of(run: MonitoredRun) -> str:
    """Changes whenever anything read from the run does."""
    return run.revision


def revision_of_all(watched: Watched) -> str:
    """Changes whenever anything that is watched does."""
    others = f"{watched.other_runs} {watched.missing} {watched.problems} {watched.loaded} {watched.runs_read}"
    return " ".join([*(f"{name} {revision_of(run)}" for name, run in watched.runs.items()), others])
