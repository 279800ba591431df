"""A score as plain JSON values."""

from dataclasses import asdict
from typing import Final

from tb_gradhealth.scoring.scoreboard import Scoreboard, SymptomScore

SCHEMA: Final = "gradhealth.score/1"


def as_json(board: Scoreboard) -> dict[str, object]:
    """All values of a score; shares have their Wilson interval."""
    return {
        "schema": SCHEMA,
        "healthy": {
            "flagged": board.flagged.as_json(),
            "critical": board.critical.as_json(),
            "warned_at_some_time": board.ever_warned.as_json(),
        },
        "broken": board.broken,
        "undecided": board.undecided,
        "symptoms": [_symptom(score) for score in board.symptoms],
        "doses": {dose: found.as_json() for dose, found in board.doses.items()},
        "false_alarms": [asdict(alarm) for alarm in board.false_alarms],
        "misses": [asdict(miss) for miss in board.misses],
        "unread": dict(board.unread),
    }


def _symptom(score: SymptomScore) -> dict[str, object]:
    return {
        "symptom": score.symptom,
        "recall": score.recall.as_json(),
        "seen": score.seen.as_json(),
        "precision": score.precision.as_json(),
        "layer_named": score.layer_named.as_json(),
        "delays": list(score.delays),
        "median_delay": score.median_delay,
    }
