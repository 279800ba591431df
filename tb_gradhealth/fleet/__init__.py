"""Judges the runs of a log directory one by one: in this process, in several, or on a Dask cluster.

The runs are listed once (``survey``) and are judged independently of each other (``judging``), so it does not
matter where: ``processes`` and ``cluster`` yield the same outcomes, in any order, as a loop in this process
does. A history lives only until its run is reported; the surveying process keeps reports. ``workers`` chooses
the number of processes.
"""

from tb_gradhealth.fleet.judging import FleetError, Outcome, RunFiles, Settings, judge
from tb_gradhealth.fleet.survey import NoSuchRunError, Survey

__all__ = [
    "FleetError",
    "NoSuchRunError",
    "Outcome",
    "RunFiles",
    "Settings",
    "Survey",
    "judge",
]
