"""A score as a page of Markdown."""

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tb_gradhealth.scoring.scoreboard import FalseAlarm, Scoreboard, SymptomScore
from tb_gradhealth.scoring.wilson import Share

PLANTED: Final = """\
# How often the rules are right

`gradhealth score` made this page: it trains networks whose health is known with the default callback,
replays their logs record by record through the default rules, and compares. {healthy} trainings are healthy,
each with a goal it has to reach; in {broken} a fault is planted by construction, from barely to badly dosed.

- **recall**: planted faults that stand at warning or above when the run is over, and were told of no
  earlier than the fault began. (At info where the label says that the network learns in spite of it.)
- **seen at all**: planted faults that were told of with any severity, information included.
- **precision**: runs in which a symptom's warning is right / runs in which it is right or a false alarm.
  A false alarm is a symptom at warning or above that was neither planted nor follows from what was, or any
  that was told before the fault began. What is folded under a planted fault's incident is no alarm.
- **layer named**: found faults planted in one layer whose findings name that layer.
- **delay**: records that came after the first that could hold the fault, up to the one that told of it: 0 is
  at once, and a rule that wants three of five records cannot do better than 2.
- Brackets hold Wilson's interval at 95 %.
"""

MEASURED: Final = """\
Drawn at random: architecture, size, activation, initialization, normalization, optimizer, learning rate over
six decades, schedule, batch, data, its noise, imbalance and scale, length, and in every other one or two
faults. What is true of each training is measured and not planted: a float64 twin with a plain gradient tape
runs beside it, and what it saw is judged by definitions of its own (`demo/random_zoo/truth.py`), with
a grey zone around each limit in which a finding is neither right nor wrong.

- A training is **healthy** if its metric is far above chance and near that of a reference learner, and no
  symptom is certain or in its grey zone; **broken** if a symptom is certain. The others are undecided: only
  what is certainly absent counts there.
- **recall**: symptoms that are certain, in trainings that suffer from them, and that stand at warning or
  above when the run is over.
- **precision**: a false alarm is a symptom at warning or above that is certainly absent. What the probe
  does not judge (weights' growth, update ratios and the like) counts in healthy trainings alone, where it is
  a false alarm.
- **delay**: in records from the step at which the symptom was certain; 0 where it was told before.

"""
"""How the labels of random trainings are measured."""

HEAD: Final = """\
| symptom | {labelled} | recall | seen at all | precision | layer named | median delay |
|---|--:|--:|--:|--:|--:|--:|
"""


def markdown(
    board: Scoreboard, rules: Collection[str], others: Mapping[str, Scoreboard] = MappingProxyType({})
) -> str:
    """The method and the tables of a score, as a page.

    Args:
        board: the score.
        rules: the symptoms that have a rule; planted ones without a rule are marked.
        others: scores of other trainings, by title.
    """
    lines = [PLANTED.format(healthy=board.flagged.trials, broken=board.broken), *_tables(board, rules)]
    for title, other in others.items():
        counts = f"{other.flagged.trials} healthy trainings, {other.broken} broken ones."
        lines += ["", f"## {title}", "", counts, "", *_tables(other, rules)]
    return "\n".join(lines) + "\n"


def measured_markdown(title: str, board: Scoreboard, rules: Collection[str]) -> str:
    """A section with the score of trainings whose labels were measured.

    Args:
        title: names the trainings.
        board: their score.
        rules: the symptoms that have a rule.
    """
    counts = (
        f"{board.flagged.trials} healthy trainings, {board.broken} broken ones, {board.undecided} undecided."
    )
    tables = _tables(board, rules, labelled="certain")
    return "\n".join([f"## {title}", "", MEASURED + counts, "", *tables]) + "\n"


def with_section(page: str, section: str) -> str:
    """The page with a section that replaces the one of the same heading, or is appended."""
    heading = section.split("\n", 1)[0]
    parts = re.split(r"(?m)^(?=## )", page)
    if not any(part.startswith(heading + "\n") for part in parts):
        return f"{page.rstrip()}\n\n{section}" if page.strip() else section
    parts = [f"{section.rstrip()}\n\n" if part.startswith(heading + "\n") else part for part in parts]
    return "".join(parts).rstrip() + "\n"


def share_text(share: Share) -> str:
    """A share as text: ``19/20 = 95 % (76–99)``, a dash without trials."""
    if share.value is None:
        return "–"
    low, high = share.interval
    return f"{share.hits}/{share.trials} = {share.value:.0%} ({100 * low:.0f}–{100 * high:.0f})".replace(
        "%", " %"
    )


def _tables(board: Scoreboard, rules: Collection[str], labelled: str = "planted") -> Iterator[str]:
    yield "| healthy runs | share |"
    yield "|---|--:|"
    yield f"| flagged at warning or above | {share_text(board.flagged)} |"
    yield f"| flagged critical | {share_text(board.critical)} |"
    yield f"| warned of at some time, even if lowered later | {share_text(board.ever_warned)} |"
    yield ""
    yield HEAD.format(labelled=labelled).rstrip()
    for score in board.symptoms:
        yield _row(score, score.symptom in rules)
    if labelled == "planted":  # measured faults have no chosen dose
        yield from _doses(board)
    yield from _list("False alarms", [_alarm_line(alarm) for alarm in board.false_alarms])
    yield from _list(
        "Misses",
        [
            f"`{miss.run}`: {miss.symptom}, {miss.dose}" + (f", told as {miss.seen}" if miss.seen else "")
            for miss in board.misses
            if miss.symptom in rules
        ],
    )
    yield from _list("Could not be read in full", [f"`{run}`: {why}" for run, why in board.unread.items()])


def _doses(board: Scoreboard) -> Iterator[str]:
    yield ""
    yield "| dose | recall |"
    yield "|---|--:|"
    for dose, found in board.doses.items():
        yield f"| {dose} | {share_text(found)} |"


def _row(score: SymptomScore, has_rule: bool) -> str:
    delay = "–" if score.median_delay is None else f"{score.median_delay:g}"
    name = f"`{score.symptom}`" + ("" if has_rule else " (no rule yet)")
    shares = (share_text(share) for share in (score.recall, score.seen, score.precision, score.layer_named))
    return f"| {name} | {score.recall.trials} | {' | '.join(shares)} | {delay} |"


def _alarm_line(alarm: FalseAlarm) -> str:
    what = "healthy" if alarm.healthy else "another fault"
    layers = ", ".join(alarm.layers)
    return f"`{alarm.run}` ({what}): {alarm.symptom}, {alarm.severity}, step {alarm.step:,}: {layers}"


def _list(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"### {title}", "", *(f"- {line}" for line in lines))
