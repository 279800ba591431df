"""What counts as found, as a false alarm, and as a delay."""

import json

import pytest

from tb_gradhealth.scoring import (
    Case,
    Fault,
    Observation,
    Share,
    SymptomReport,
    as_json,
    markdown,
    measured_markdown,
    run_errors,
    score,
    with_section,
)

STEPS = tuple(range(0, 300, 10))


def told(symptom, severity="warning", warned=50, seen=None, layers=("hidden_0",)):
    return SymptomReport(symptom, severity, warned if seen is None else seen, warned, frozenset(layers))


def seen_only(symptom, seen=50):
    return SymptomReport(symptom, "info", seen, None, frozenset())


def judged(case, *reports):
    """The score of a single run."""
    observation = Observation(STEPS, {report.symptom: report for report in reports})
    return score([case], {case.name: observation})


def of(board, symptom):
    (found,) = [entry for entry in board.symptoms if entry.symptom == symptom]
    return found


def planted(symptom="dead-units", step=40, **label):
    return Case("sick", (Fault(symptom, step, **label),), frozenset({"loss-stalled"}))


def test_a_healthy_run_is_flagged_by_any_warning():
    board = judged(Case("fine"), told("dead-units"))
    assert (board.flagged, board.critical, board.ever_warned) == (Share(1, 1), Share(0, 1), Share(1, 1))
    assert [(alarm.run, alarm.symptom, alarm.healthy) for alarm in board.false_alarms] == [
        ("fine", "dead-units", True)
    ]
    assert of(board, "dead-units").precision == Share(0, 1)


def test_a_healthy_run_with_information_is_not_flagged():
    board = judged(Case("fine"), seen_only("dead-units"))
    assert (board.flagged, board.ever_warned, board.symptoms) == (Share(0, 1), Share(0, 1), ())


def test_a_warning_that_was_lowered_later_is_no_flag_but_is_told():
    lowered = SymptomReport("dead-units", "info", seen=20, warned=30, layers=frozenset())
    board = judged(Case("fine"), lowered)
    assert (board.flagged, board.ever_warned) == (Share(0, 1), Share(1, 1))


def test_what_was_planted_and_told_is_found():
    board = judged(planted(layer="hidden_0"), told("dead-units", warned=60))
    found = of(board, "dead-units")
    assert (found.recall, found.seen, found.precision, found.layer_named) == (Share(1, 1),) * 4
    assert (board.flagged, board.broken, board.misses) == (Share(0, 0), 1, ())


def test_a_delay_counts_the_records_after_the_first_that_could_hold_the_fault():
    assert of(judged(planted(step=40), told("dead-units", warned=40)), "dead-units").delays == (0,)
    assert of(judged(planted(step=41), told("dead-units", warned=50)), "dead-units").delays == (0,)
    assert of(judged(planted(step=40), told("dead-units", warned=60)), "dead-units").median_delay == 2


def test_what_is_folded_under_a_planted_fault_is_no_alarm():
    def folded(*causes):
        return SymptomReport("weight-growth", "warning", 60, 60, frozenset({"hidden_1"}), frozenset(causes))

    def alarms(report):
        return [alarm.symptom for alarm in judged(planted(), told("dead-units"), report).false_alarms]

    assert alarms(folded("dead-units")) == []
    assert alarms(folded()) == alarms(folded("dead-units", "dead-layer")) == ["weight-growth"]
    early = SymptomReport("weight-growth", "warning", 20, 20, frozenset(), frozenset({"dead-units"}))
    assert alarms(early) == ["weight-growth"]


def test_a_fault_that_builds_up_has_no_delay():
    assert of(judged(planted(step=None), told("dead-units")), "dead-units").delays == ()


def test_what_was_told_as_information_is_seen_but_not_found():
    board = judged(planted(), seen_only("dead-units"))
    assert (of(board, "dead-units").recall, of(board, "dead-units").seen) == (Share(0, 1), Share(1, 1))
    assert [(miss.run, miss.seen) for miss in board.misses] == [("sick", "info")]


def test_information_is_enough_where_the_label_says_so():
    entry = of(judged(planted(minimum_severity="info"), seen_only("dead-units")), "dead-units")
    assert entry.recall == Share(1, 1)
    assert entry.precision == Share(0, 0)  # precision is about warnings


def test_what_was_not_told_is_missed():
    board = judged(planted())
    assert [(miss.symptom, miss.seen) for miss in board.misses] == [("dead-units", None)]


def test_consequences_are_neither_right_nor_wrong():
    board = judged(planted(), told("dead-units"), told("loss-stalled"))
    assert board.false_alarms == ()
    assert [entry.symptom for entry in board.symptoms] == ["dead-units"]


def test_another_symptom_is_a_false_alarm_of_a_broken_run():
    board = judged(planted(), told("exploding-gradient"))
    assert [(alarm.symptom, alarm.healthy) for alarm in board.false_alarms] == [("exploding-gradient", False)]


@pytest.mark.parametrize("symptom", ["dead-units", "loss-stalled"])
def test_nothing_may_be_told_before_the_fault_begins(symptom):
    board = judged(planted(step=100), told(symptom, warned=50))
    assert [alarm.symptom for alarm in board.false_alarms] == [symptom]
    assert of(board, "dead-units").recall == Share(0, 1)


def measured(*symptoms, step=100, **label):
    return Case("drawn", tuple(Fault(symptom, step) for symptom in symptoms), measured=True, **label)


def test_what_was_measured_may_be_told_of_before_it_was_certain():
    entry = of(judged(measured("dead-units"), told("dead-units", warned=50)), "dead-units")
    assert (entry.recall, entry.precision, entry.delays) == (Share(1, 1), Share(1, 1), (0,))


def test_where_everything_was_measured_nothing_is_excused_as_a_consequence():
    folded = SymptomReport("weight-growth", "warning", 150, 150, frozenset(), frozenset({"dead-units"}))
    board = judged(measured("dead-units"), told("dead-units", warned=110), folded)
    assert [alarm.symptom for alarm in board.false_alarms] == ["weight-growth"]


def test_an_undecided_training_is_neither_healthy_nor_broken():
    case = measured(undecided=True, allowed=frozenset({"loss-stalled"}))
    board = judged(case, told("loss-stalled"), told("dead-units"))
    assert (board.flagged, board.broken, board.undecided) == (Share(0, 0), 0, 1)
    assert [(alarm.symptom, alarm.healthy) for alarm in board.false_alarms] == [("dead-units", False)]


def test_another_name_for_the_same_fault_is_found_too():
    board = judged(planted("dead-units", alternatives=("dead-layer",)), told("dead-layer"))
    assert (of(board, "dead-units").recall, board.false_alarms) == (Share(1, 1), ())


def test_doses_are_counted_apart():
    board = judged(planted(dose="barely"), told("dead-units"))
    assert board.doses == {"barely": Share(1, 1), "clearly": Share(0, 0), "badly": Share(0, 0)}


def test_a_symptom_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no such symptom: dead-unit"):
        Fault("dead-unit")
    with pytest.raises(ValueError, match="no such symptom: tired"):
        Case("run", (), frozenset({"tired"}))


def test_the_section_of_measured_labels_says_how_they_came_about():
    board = judged(measured("dead-units"), told("dead-units", warned=100))
    section = measured_markdown("60 random trainings, seed 1", board, {"dead-units"})
    assert section.startswith("## 60 random trainings, seed 1\n")
    assert "0 healthy trainings, 1 broken ones, 0 undecided." in section
    assert "| symptom | certain | recall |" in section
    assert "| `dead-units` | 1 | 1/1 = 100 % (21–100) |" in section
    assert "dose" not in section


def test_a_section_is_put_into_a_page_once():
    page = "# Scores\n\n## Cases\n\nfew\n"
    once = with_section(page, "## Drawn\n\n1\n")
    assert once == page + "\n## Drawn\n\n1\n"
    assert with_section(once, "## Drawn\n\n2\n") == page + "\n## Drawn\n\n2\n"
    assert with_section(once, "## Cases\n\nmany\n") == "# Scores\n\n## Cases\n\nmany\n\n## Drawn\n\n1\n"
    assert with_section("", "## Drawn\n\n1\n") == "## Drawn\n\n1\n"


def test_wrong_runs_are_listed_with_what_was_expected_and_found():
    case = measured("dead-units", "loss-stalled")
    observed = {
        case.name: Observation(STEPS, {"dead-units": seen_only("dead-units"), "x": told("loss-spike")})
    }
    (error,) = run_errors([case], observed, score([case], observed))
    assert error.label == "dead-units since 100, loss-stalled since 100"
    assert error.missed == ("dead-units (told as info)", "loss-stalled (told as nothing)")
    assert error.alarms == ("loss-spike (warning, step 50: hidden_0)",)
    assert error.found == ("dead-units (info, step 50)", "loss-spike (warning, step 50)")


def test_runs_that_were_judged_rightly_are_not_listed():
    case = Case("fine")
    observed = {"fine": Observation(STEPS, {})}
    assert run_errors([case], observed, score([case], observed)) == []


def test_the_page_and_the_json_hold_the_same_numbers():
    board = judged(planted(layer="hidden_0"), told("dead-units", warned=60), told("weight-growth"))
    page = markdown(board, {"dead-units"})
    assert "| `dead-units` | 1 | 1/1 = 100 % (21–100) |" in page
    assert "| `weight-growth` (no rule yet) | 0 | – |" in page
    assert "`sick` (another fault): weight-growth, warning, step 50: hidden_0" in page
    parsed = json.loads(json.dumps(as_json(board), allow_nan=False))
    assert parsed["symptoms"][0]["recall"]["wilson_95"] == pytest.approx([0.2065, 1.0], abs=1e-4)
    assert parsed["false_alarms"][0]["run"] == "sick"
