"""Scores the rules: precision, recall and delay over runs with known faults.

* ``case``: the label of a run; ``observation``: what the rules report of it, record by record.
* ``scoreboard`` compares the two (``wilson``: shares with their interval); ``errors`` lists the wrong runs.
* ``markdown`` and ``report`` write the score as a page and as JSON.

Nothing is trained here.
"""

from tb_gradhealth.scoring.case import Case, Dose, Fault
from tb_gradhealth.scoring.errors import RunErrors, run_errors
from tb_gradhealth.scoring.markdown import markdown, measured_markdown, with_section
from tb_gradhealth.scoring.observation import Observation, SymptomReport, observe
from tb_gradhealth.scoring.report import as_json
from tb_gradhealth.scoring.scoreboard import Scoreboard, SymptomScore, score
from tb_gradhealth.scoring.wilson import Share

__all__ = [
    "Case",
    "Dose",
    "Fault",
    "Observation",
    "RunErrors",
    "Scoreboard",
    "Share",
    "SymptomReport",
    "SymptomScore",
    "as_json",
    "markdown",
    "measured_markdown",
    "observe",
    "run_errors",
    "score",
    "with_section",
]
