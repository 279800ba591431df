"""The first page of `findings`, and the key that sorts all findings, against a slow implementation."""

import random
from dataclasses import replace

import pytest

from tb_gradhealth.health import Assessment, Finding
from tb_gradhealth.health.results.findings import ordered_findings, verdict_of
from tb_gradhealth.plugin.answers.first_page import RunPage, page_answer
from tb_gradhealth.plugin.answers.json_values import listed_finding_json

NAMES = ("_x", "a b", "A2", "a10", "dense_1/kernel", "dense_10/k", "e", "z")
SEVERITIES = ("critical", "warning", "info")


def made(chance, run, number):
    """A random finding, in one of a few incidents or its own."""
    severity = chance.choice(SEVERITIES)
    resolved = chance.choice([None, 90])
    return Finding(
        id=f"{number:010x}",
        symptom=chance.choice(["non-finite", "dead-layer"]),
        severity=severity,
        kind=chance.choice(["gradient", "weight"]),
        tensor=chance.choice(NAMES),
        layer="",
        state="open" if resolved is None else "resolved",
        opened_step=chance.randrange(4),
        last_step=80,
        peak_step=40,
        resolved_step=resolved,
        count=3,
        value=1.0,
        threshold=0.5,
        origin=False,
        message=f"of {run}",
        incident=chance.choice(["one", "two", "three", f"alone {number}"]),
        muted=chance.choice(["", "", "", "on purpose"]),
    )


def of_run(chance, run, numbers, count):
    """Random findings of a run, in the order of `RunHealth.findings`."""
    incidents = {}
    for _ in range(count):
        finding = made(chance, run, next(numbers))
        incidents.setdefault(finding.incident, []).append(finding)
    return ordered_findings([[replace(first, origin=True), *others] for first, *others in incidents.values()])


def assessed(findings):
    verdict = verdict_of(findings, 100)
    named = findings[0] if verdict in ("critical", "warning") else None
    return Assessment(verdict, 100, 10, "", "", named, (), (), None)


def table(runs):
    """All rows of the table: sort key, run, unmuted findings and lead of each incident."""
    rows = []
    for run, findings in runs.items():
        for incident in {finding.incident for finding in findings}:
            members = [each for each in findings if each.incident == incident and not each.muted]
            if not members:
                continue
            gravity = min(SEVERITIES.index(each.severity) for each in members)
            grave = [each for each in members if SEVERITIES.index(each.severity) == gravity]
            onset = min(each.opened_step for each in grave)
            rows.append(((gravity, onset), run, members, members[0]))
    first = {}
    for urgency, run, _, _ in rows:
        first[run] = min(urgency, first.get(run, urgency))
    # Runs in the order of their worst incidents; information does not change the order.
    places = {run: (first[run] if run in first and first[run][0] < 2 else (9, 0)) for run in runs}
    order = sorted(runs, key=lambda run: places[run])
    return sorted(rows, key=lambda row: (row[0], order.index(row[1]), row[3].order[2]))


@pytest.mark.parametrize("seed", range(60))
def test_a_page_has_the_first_rows_of_the_table(seed):
    chance = random.Random(seed)
    numbers = iter(chance.sample(range(1 << 30), 200))
    runs = {run: of_run(chance, run, numbers, chance.choice([0, 1, 5, 30])) for run in NAMES[:4]}
    limit = chance.choice([1, 3, 100])
    answer = page_answer(
        [RunPage.of(run, assessed(findings), findings) for run, findings in runs.items()], limit
    )
    rows, page = table(runs), answer["page"]
    assert page["rows"] == [
        {"run": run, "lead": lead.id, "findings": len(members)} for _, run, members, lead in rows[:limit]
    ]
    shown = {(finding["run"], finding["id"]) for finding in answer["findings"]}
    assert {(run, lead.id) for _, run, _, lead in rows[:limit]} <= shown
    every = [finding for findings in runs.values() for finding in findings]
    counted = [finding for finding in every if not finding.muted]
    assert (page["total"], page["muted"]) == (len(every), len(every) - len(counted))
    assert page["incidents"] == len(rows)
    for facet, counts in page["counts"].items():
        values = [getattr(finding, facet) for finding in counted]
        assert counts == {value: values.count(value) for value in set(values)}
    sick = [row for row in rows if row[0][0] < 2]
    assert (page["named"] or {}).get("id") == (sick[0][3].id if sick else None)


@pytest.mark.parametrize("seed", range(20))
def test_a_stable_sort_by_the_key_gives_the_table(seed):
    """The tab does so: it sorts the listed findings by their keys only."""
    chance = random.Random(seed)
    numbers = iter(chance.sample(range(1 << 30), 200))
    runs = {run: of_run(chance, run, numbers, chance.choice([0, 1, 5, 30])) for run in NAMES[:4]}
    listed = [
        listed_finding_json(run, finding, assessed(findings))
        for run, findings in runs.items()
        for finding in findings
        if not finding.muted
    ]
    leads = {}
    for finding in sorted(listed, key=lambda finding: finding["sort_key"]):
        leads.setdefault((finding["run"], finding["incident"]), finding["id"])
    assert list(leads.values()) == [lead.id for _, _, _, lead in table(runs)]
