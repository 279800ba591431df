"""Reads the event files of a log directory and judges its runs, for the tab and for ``gradhealth check``.

`MonitoredRun` is one run, `Monitor` holds all runs, `Follower` refreshes it in a thread while the tab sends
requests.
"""

from tb_gradhealth.monitor.follower import Follower
from tb_gradhealth.monitor.monitor import Monitor, NotFoundError, Snapshot
from tb_gradhealth.monitor.monitored_run import Loading, MonitoredRun
from tb_gradhealth.monitor.range_reader import RangeCache
from tb_gradhealth.monitor.run_cache import RunCache
from tb_gradhealth.monitor.trial import TrialRun

__all__ = [
    "Follower",
    "Loading",
    "Monitor",
    "MonitoredRun",
    "NotFoundError",
    "RangeCache",
    "RunCache",
    "Snapshot",
    "TrialRun",
]
