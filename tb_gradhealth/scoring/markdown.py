"""The scoreboard as a page of Markdown."""

from collections.abc import Collection, Iterator

from tb_gradhealth.scoring.scoreboard import FalseAlarm, Scoreboard, SymptomScore
from tb_gradhealth.scoring.wilson import Share

HEAD = """\
| symptom | planted | recall | seen at all | precision | layer named | median delay |
|---|--:|--:|--:|--:|--:|--:|
"""


def markdown(board: Scoreboard, rules: Collection[str]) -> str:
    """The tables of a score.

    Args:
        board: the score.
        rules: the symptoms there is a rule for; planted ones without are marked.
    """
    return "\n".join(_lines(board, rules)) + "\n"


def share_text(share: Share) -> str:
    """A share for people: ``19/20 = 95 % (76–99)``, a dash without trials."""
    if share.value is None:
        return "–"
    low, high = share.interval
    return f"{share.hits}/{share.trials} = {share.value:.0%} ({100 * low:.0f}–{100 * high:.0f})".replace(
        "%", " %"
    )


def _lines(board: Scoreboard, rules: Collection[str]) -> Iterator[str]:
    yield "| healthy runs | share |"
    yield "|---|--:|"
    yield f"| flagged at warning or above | {share_text(board.flagged)} |"
    yield f"| flagged critical | {share_text(board.critical)} |"
    yield f"| warned of at some time, even if lowered later | {share_text(board.alarmed)} |"
    yield ""
    yield HEAD.rstrip()
    for score in board.symptoms:
        yield _row(score, score.symptom in rules)
    yield ""
    yield "| dose | recall |"
    yield "|---|--:|"
    for dose, found in board.doses.items():
        yield f"| {dose} | {share_text(found)} |"
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


def _row(score: SymptomScore, has_rule: bool) -> str:
    delay = "–" if score.median_delay is None else f"{score.median_delay:g}"
    name = f"`{score.symptom}`" + ("" if has_rule else " (no rule yet)")
    shares = (share_text(share) for share in (score.found, score.seen, score.right, score.named))
    return f"| {name} | {score.found.trials} | {' | '.join(shares)} | {delay} |"


def _alarm_line(alarm: FalseAlarm) -> str:
    what = "healthy" if alarm.healthy else "another fault"
    layers = ", ".join(alarm.layers)
    return f"`{alarm.run}` ({what}): {alarm.symptom}, {alarm.severity}, step {alarm.step:,}: {layers}"


def _list(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"### {title}", "", *(f"- {line}" for line in lines))
