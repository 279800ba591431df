"""Event files to records: framing, checksums, tailing, and the runs of a log directory.

Reads incrementally and never gives up on what is still readable: whatever is wrong becomes one
`Problem` per file and trouble. No TensorFlow; `RunReader` turns one run's files into records.
"""

from tb_gradhealth.events.discovery import Discovery, EventFile, Root, discover
from tb_gradhealth.events.lookout import Lookout
from tb_gradhealth.events.problems import Problem
from tb_gradhealth.events.run import RunReader

__all__ = ["Discovery", "EventFile", "Lookout", "Problem", "Root", "RunReader", "discover"]
