"""The first page of `findings` against what the tab would make of all of them, written out the slow way."""

import random
from functools import cmp_to_key

import pytest

from tb_gradhealth.health import Finding
from tb_gradhealth.plugin.answers.order import natural
from tb_gradhealth.plugin.answers.page import RunPage, page_answer

IN_ORDER = ("_x", "a b", "a_b", "a-b", "a.b", "a/b", "a1", "a2", "A2", "a10", "ab", "B", "dense_1/kernel")
IN_ORDER += ("dense_2/k", "Dense_2/k", "dense_10/k", "dense/kernel", "e", "f", "z")
"""Sorted by `new Intl.Collator('en', {numeric: true})`."""

SEVERITIES = ("critical", "warning", "info")


def test_names_are_sorted_as_a_browser_does():
    shuffled = random.Random(0).sample(IN_ORDER, len(IN_ORDER))
    assert tuple(sorted(shuffled, key=natural)) == IN_ORDER


def test_endless_and_empty_names_have_a_place():
    assert sorted(["9" * 100_000, "", "1"], key=natural) == ["", "1", "9" * 100_000]


def made(chance, run, number):
    """A finding somewhere in a run; its incident may be anybody's."""
    severity = chance.choice(SEVERITIES)
    resolved = chance.choice([None, 90])
    return Finding(
        id=f"{number:010x}",
        symptom=chance.choice(["non-finite", "dead-layer"]),
        severity=severity,
        kind=chance.choice(["gradient", "weight"]),
        tensor=chance.choice(IN_ORDER),
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
        incident=chance.choice(["", "one", "two", "three"]),
        muted=chance.choice(["", "", "", "on purpose"]),
    )


def with_origins(chance, findings):
    """One of each incident leads it; that may be a muted one."""
    groups = {}
    for finding in findings:
        groups.setdefault(finding.incident or finding.id, []).append(finding)
    leads = {chance.choice(group).id for group in groups.values()}
    return [Finding(**{**vars(each), "origin": each.id in leads}) for each in findings]


def compare(a, b):
    """`compareFindings` of the tab, for its default order; a finding with its run."""
    (a_run, a), (b_run, b) = a, b
    place = IN_ORDER.index
    return (
        SEVERITIES.index(a.severity) - SEVERITIES.index(b.severity)
        or a.opened_step - b.opened_step
        or int(b.origin) - int(a.origin)
        or place(a_run) - place(b_run)
        or place(a.tensor) - place(b.tensor)
        or (a.id > b.id) - (a.id < b.id)
    )


def table(runs):
    """The tab's rows: lead, worst and size of each incident."""
    groups = {}
    for run, findings in runs.items():
        for finding in findings:
            if not finding.muted:
                groups.setdefault((finding.incident or finding.id, run), []).append((run, finding))
    rows = []
    for (_, run), members in groups.items():
        worst = min(members, key=cmp_to_key(compare))
        origins = [member for member in members if member[1].origin]
        rows.append((run, (origins or [worst])[0][1], worst[1], len(members)))
    return sorted(rows, key=cmp_to_key(lambda a, b: compare((a[0], a[2]), (b[0], b[2]))))


def verdict(findings):
    severities = {finding.severity for finding in findings if not finding.muted}
    return next((each for each in ("critical", "warning") if each in severities), "healthy")


def named(runs):
    """What the verdict's sentence names: `worstRun`, then `worstFinding`, of those that count."""
    best = None
    for findings in runs.values():
        counted = [each for each in findings if not each.muted]
        onset = min((each.opened_step for each in counted if each.severity != "info"), default=10**9)
        rank = (("critical", "warning", "healthy").index(verdict(findings)), onset)
        if best is None or rank < best[0]:
            best = (rank, counted)
    if best is None or best[0][0] == 2:
        return None
    rank = [(SEVERITIES.index(f.severity), f.state != "open", not f.origin, f.opened_step) for f in best[1]]
    return best[1][rank.index(min(rank))]


@pytest.mark.parametrize("seed", range(60))
def test_a_page_is_the_beginning_of_the_tabs_table(seed):
    chance = random.Random(seed)
    number = iter(chance.sample(range(1 << 30), 200))
    runs = {
        run: with_origins(
            chance, [made(chance, run, next(number)) for _ in range(chance.choice([0, 1, 5, 30]))]
        )
        for run in sorted(chance.sample(IN_ORDER, 4))
    }
    limit = chance.choice([1, 3, 100])
    answer = page_answer(
        [RunPage.of(run, verdict(findings), findings) for run, findings in runs.items()], limit
    )
    rows, page = table(runs), answer["page"]
    assert page["rows"] == [
        {"run": run, "lead": lead.id, "findings": size} for run, lead, _, size in rows[:limit]
    ]
    expected = [
        (run, each.id) for run, lead, worst, _ in rows[:limit] for each in dict.fromkeys([lead, worst])
    ]
    assert [(finding["run"], finding["id"]) for finding in answer["findings"]] == expected
    every = [finding for findings in runs.values() for finding in findings]
    counted = [finding for finding in every if not finding.muted]
    assert (page["total"], page["muted"]) == (len(every), len(every) - len(counted))
    assert page["incidents"] == len(rows)
    for facet, counts in page["counts"].items():
        values = [getattr(finding, facet) for finding in counted]
        assert counts == {value: values.count(value) for value in set(values)}
    worst = named(runs)
    assert (page["named"] or {}).get("id") == (worst and worst.id)
