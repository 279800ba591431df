"""How well the rules judge: runs with known faults in, precision, recall and delay out.

``Case`` says what was planted in a run, ``observe`` replays what the rules told while it trained,
``score`` compares the two, and ``markdown`` writes the table.
"""

from tb_gradhealth.scoring.case import Case, Dose, Fault
from tb_gradhealth.scoring.markdown import markdown
from tb_gradhealth.scoring.observation import Observation, Sighting, observe
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
    "markdown",
    "observe",
    "score",
]
