"""How well the rules judge: runs with known faults in, precision, recall and delay out.

``Case`` says what was planted in a run, ``observe`` replays what the rules told while it trained,
``score`` compares the two, and ``markdown`` and ``as_json`` write it down. No training happens here.
"""

from tb_gradhealth.scoring.case import Case, Dose, Fault
from tb_gradhealth.scoring.errors import Wrong, wrong
from tb_gradhealth.scoring.markdown import markdown, measured_markdown, with_section
from tb_gradhealth.scoring.observation import Observation, Sighting, observe
from tb_gradhealth.scoring.report import as_json
from tb_gradhealth.scoring.scoreboard import Scoreboard, SymptomScore, score
from tb_gradhealth.scoring.wilson import Share

__all__ = [
    "Case",
    "Dose",
    "Fault",
    "Observation",
    "Scoreboard",
    "Share",
    "Sighting",
    "SymptomScore",
    "Wrong",
    "as_json",
    "markdown",
    "measured_markdown",
    "observe",
    "score",
    "with_section",
    "wrong",
]
