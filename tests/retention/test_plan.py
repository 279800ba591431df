"""The plan: which runs are removed or thinned, from made-up runs without files."""

from pathlib import Path

import pytest

from tb_gradhealth.events import EventFile
from tb_gradhealth.retention import Policy, SurveyedFile, SurveyedRun, plan
from tb_gradhealth.retention.file_state import FileState
from tb_gradhealth.retention.plan import DAY, ONLY_SHARED, THIN_TO_FIT, Thinning
from tb_gradhealth.retention.thinning import steps_of_interest

NOW = 1_000 * DAY


def run(name, days, size=1000, exclusive=True, blocked=""):
    """A run with one file of our data, whose newest record is so many days old."""
    path = str(Path(name) / "gradhealth" / "events.out.tfevents.1")
    file = SurveyedFile(
        EventFile(path, path, exclusive), FileState(1, 1, size, 0), {0: size}, frozenset({0}), exclusive
    )
    return SurveyedRun(name, (file,), (), NOW - days * DAY, blocked)


def half(of, cadences):
    """Thinning frees half of a run."""
    return Thinning((frozenset({0}),), of.bytes_ours // 2, 0)


def actions(runs, thinning=half, **policy):
    made = plan(runs, Policy(**policy), NOW, thinning)
    return {step.run.name: step.action for step in made.steps}, made


def test_runs_older_than_the_limit_are_removed():
    found, made = actions([run("old", 31), run("new", 29)], keep_days=30)
    assert found == {"old": "remove", "new": "keep"}
    assert (made.bytes_before, made.bytes_after) == (2000, 1000)


def test_options_combine():
    found, made = actions([run("old", 31), run("new", 29)], keep_days=30, thin=7)
    assert found == {"old": "remove", "new": "thin"}
    assert made.bytes_after == 500


@pytest.mark.parametrize(
    ("limit", "expected", "after"),
    [
        (3000, "keep keep keep", 3000),
        (2999, "thin keep keep", 2500),
        (2100, "thin thin keep", 2000),
        (1500, "thin thin thin", 1500),
        (1400, "remove thin thin", 1000),
        (500, "remove remove thin", 500),
        (0, "remove remove remove", 0),
    ],
)
def test_the_oldest_runs_are_thinned_first_then_removed_until_the_rest_fits(limit, expected, after):
    cadences = []

    def thin(of, number):
        cadences.append(number)
        return half(of, number)

    found, made = actions([run("c", 1), run("a", 3), run("b", 2)], thin, max_bytes=limit)
    assert " ".join(found[name] for name in "abc") == expected
    assert (made.bytes_after, made.excess) == (after, 0)
    assert set(cadences) <= {THIN_TO_FIT}


def test_a_run_that_cannot_be_thinned_is_removed_to_fit():
    found, _ = actions([run("a", 3)], lambda of, number: Thinning(refusal="no"), max_bytes=10)
    assert found == {"a": "remove"}


def test_runs_in_use_count_and_stay():
    found, made = actions([run("a", 90, blocked="in use"), run("b", 1)], max_bytes=500, keep_days=30)
    assert found == {"a": "leave", "b": "remove"}
    assert made.excess == 500
    assert not any(step.incomplete for step in made.steps)


def test_a_refused_thinning_is_incomplete():
    _, made = actions([run("a", 3)], lambda of, number: Thinning(refusal="no"), thin=5)
    assert (made.steps[0].action, made.steps[0].reason, made.steps[0].incomplete) == ("leave", "no", True)


def test_shared_files_are_changed_on_request_only():
    shared = run("a", 90, exclusive=False)
    _, made = actions([shared], keep_days=30)
    assert (made.steps[0].action, made.steps[0].reason) == ("leave", ONLY_SHARED)
    _, made = actions([shared], keep_days=30, shared_files=True)
    assert (made.steps[0].deletes, made.steps[0].drops) == ((False,), (frozenset({0}),))


def test_a_run_without_findings_has_no_steps_of_interest():
    assert steps_of_interest(()) == frozenset()
