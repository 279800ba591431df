"""`gradhealth score --random`: the score over random trainings, whose labels are measured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.scoring import Case, Observation, Scoreboard, as_json, measured_markdown, run_errors, score

if TYPE_CHECKING:
    from tb_gradhealth.demo.random_zoo.truth import Truth
    from tb_gradhealth.demo.random_zoo.worker import Outcome

Part = Literal["tuning", "held-out", "all"]


@dataclass(frozen=True)
class RandomScore:
    """The score of one draw of random trainings.

    Attributes:
        title: names the trainings.
        board: their score.
        failures: one text for each training that could not be built or trained.
        errors: one text for each training with misses or false alarms.
    """

    title: str
    board: Scoreboard
    failures: Sequence[str]
    errors: Sequence[str]

    @property
    def page(self) -> str:
        """The score as a section of Markdown."""
        return measured_markdown(self.title, self.board, SYMPTOMS)

    def json(self) -> str:
        """The score as JSON."""
        return json.dumps(
            {**as_json(self.board), "title": self.title, "failures": list(self.failures)}, indent=2
        )


def drawn(count: int, seed: int, part: Part) -> list[int]:
    """The indices of the first ``count`` trainings of a draw that belong to a part."""
    from tb_gradhealth.demo.random_zoo.plan import part_of

    return [index for index in range(count) if part in ("all", part_of(index))]


def listing(count: int, seed: int, part: Part) -> list[str]:
    """The drawn trainings, one line each."""
    from tb_gradhealth.demo.random_zoo.plan import draw, part_of

    return [f"{index:4} {part_of(index):8} {draw(seed, index)}" for index in drawn(count, seed, part)]


def score_random(
    count: int, seed: int, part: Part, logdir: Path, workers: int, console: Console
) -> RandomScore:
    """Train what is not trained yet, measure the labels, judge the logs, and compare."""
    from tb_gradhealth.demo.random_zoo.cases import case_of
    from tb_gradhealth.demo.random_zoo.judging import judge_all
    from tb_gradhealth.demo.random_zoo.plan import run_name
    from tb_gradhealth.demo.random_zoo.run import train_all

    outcomes = train_all(seed, drawn(count, seed, part), logdir, workers, console)
    trained = {run_name(seed, outcome.index): outcome for outcome in outcomes if not outcome.error}
    judged = judge_all(list(trained), logdir, workers, console)
    observed = {name: observation for name, (observation, _) in judged.items()}
    truths = {name: truth for name, (_, truth) in judged.items()}
    cases = [case_of(name, truth) for name, truth in truths.items()]
    board = score(cases, observed)
    failures = [
        f"{run_name(seed, each.index)} failed: {each.plan}\n{each.error}" for each in outcomes if each.error
    ]
    failures += [f"{name} left no log: {trained[name].plan}" for name in trained if name not in judged]
    which = "all" if part == "all" else f"the {part} part"
    return RandomScore(
        title=f"{count} random trainings, seed {seed}, {which}",
        board=board,
        failures=failures,
        errors=_errors(cases, observed, board, truths, trained),
    )


def _errors(
    cases: Sequence[Case],
    observed: Mapping[str, Observation],
    board: Scoreboard,
    truths: Mapping[str, "Truth"],
    trained: Mapping[str, "Outcome"],
) -> list[str]:
    """Each run with misses or false alarms, with its plan and the measured evidence."""
    texts = []
    for error in run_errors(cases, observed, board):
        truth = truths[error.run]
        signs = [
            f"{sign.degree}: {symptom}, {sign.evidence}"
            for symptom, sign in truth.signs.items()
            if sign.degree != "absent" or any(alarm.startswith(symptom) for alarm in error.alarms)
        ]
        lines = [
            f"{error.run}: {trained[error.run].plan}",
            f"  expected: {error.label}; learned: {truth.learned} ({truth.evidence})",
            *(f"  missed: {symptom}" for symptom in error.missed),
            *(f"  false alarm: {alarm}" for alarm in error.alarms),
            f"  found: {', '.join(error.found) or 'nothing'}",
            *(f"  probe: {sign}" for sign in signs),
        ]
        texts.append("\n".join(lines))
    return texts
