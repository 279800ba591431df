"""The README is short, and its numbers are those of the pages that measure them."""

import re

import documentation

from tb_gradhealth.health import SYMPTOMS

README = (documentation.REPOSITORY / "README.md").read_text("utf-8")


def test_it_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


def test_it_counts_the_symptoms():
    pages = [documentation.DOCS / "tutorial.md", documentation.DOCS / "background" / "other-tools.md"]
    for text in (README, *(page.read_text("utf-8") for page in pages)):
        assert re.findall(r"(\d+) symptoms", text)[0] == str(len(SYMPTOMS))


def test_it_counts_healthy_trainings_as_the_scores_do():
    scores = (documentation.REPOSITORY / "demo" / "SCORES.md").read_text("utf-8")
    held_out = scores[scores.index("## Seeds and networks that were not looked at") :]
    flagged = re.findall(r"flagged at warning or above \| (\d+)/(\d+)", held_out)
    zoo, drawn = re.findall(r"none\s+of\s+(\d+)", README)
    assert flagged == [("0", zoo), ("0", drawn)]


def test_it_costs_what_was_measured():
    measured = (documentation.REPOSITORY / "tests" / "benchmarks" / "README.md").read_text("utf-8")
    rows = re.findall(
        r"^\| (\d conv[^|]*) \| Grad Health \| ([\d.]+) ms \|[^|]*\| ([\d.]+) \|", measured, re.M
    )
    numbers = {"four": "4", "two": "2"}
    for words, step, ratio in re.findall(
        r"^\| (\w+ conv[^|]*) \| ([\d.]+) ms \| ([\d.]+) times", README, re.M
    ):
        first, _, rest = words.partition(" ")
        (found,) = [row for row in rows if row[0] == f"{numbers[first]} {rest}"]
        assert (found[1], round(float(found[2]), 2)) == (step, float(ratio))
    assert re.search(r"(\d+) µs per tensor", measured)[1] == re.search(r"(\d+) µs more", README)[1]
