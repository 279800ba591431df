"""A log directory being watched: event files into judged runs. The tab and `gradhealth check` stand on it.

`MonitoredRun` is one run, `Monitor` all of them; `Follower` reads on in a thread while the tab asks.
"""

from tb_gradhealth.monitor.follower import Follower
from tb_gradhealth.monitor.monitor import Monitor, Watched
from tb_gradhealth.monitor.run import Loading, MonitoredRun

__all__ = ["Follower", "Loading", "Monitor", "MonitoredRun", "Watched"]
