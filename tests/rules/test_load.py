"""Rule files: what they change, what they refuse, and how they say so."""

import sys
from datetime import date

import jsonschema
import numpy as np
import pytest

from tb_gradhealth.health import SYMPTOMS, Mute, RuleSet, RunHealth, SymptomRules, parameters
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable
from tb_gradhealth.rules import PRESETS, RulesError, document, load, preset_text, rules_from, schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def findings(rules, share=0.3, today=date(2026, 1, 1), records=5):
    """A run whose two layers have that share of dead units."""
    rows = [
        Row(name, "activation", name, "activation", 0, (-1, 9), activation="relu") for name in ("a_1", "b_1")
    ]
    table = RowTable(tuple(rows))
    health = RunHealth(rules, today=lambda: today)
    for step in range(records):
        values = np.full((2, len(COLUMNS)), np.nan, np.float32)
        values[:, COLUMNS.index("dead_fraction")] = share
        values[:, COLUMNS.index("window")] = 10
        health.observe(Record(step, 1.0, table, values))
    return health


def dead(**wanted):
    return rules_from({"symptoms": {"dead-units": wanted}})


def test_thresholds_change_what_is_found():
    assert [f.threshold for f in findings(dead(threshold=0.25)).findings()] == [0.25, 0.25]
    assert findings(dead(threshold=0.4)).findings() == ()


def test_a_symptom_can_be_switched_off():
    assert findings(dead(enabled=False)).findings() == ()


def test_patterns_choose_tensors_and_the_others_say_why():
    health = findings(dead(include=["*_1"], exclude=["a_*"]))
    assert [finding.tensor for finding in health.findings()] == ["b_1"]
    (left_out,) = [s for s in health.states() if s.symptom == "dead-units" and s.tensor == "a_1"]
    assert (left_out.state, left_out.reason) == ("excluded", "left out by the rule set's include and exclude")


def test_severities_have_bounds():
    assert {f.severity for f in findings(dead(most_severity="info")).findings()} == {"info"}
    assert {f.severity for f in findings(dead(least_severity="critical")).findings()} == {"critical"}


def test_a_mute_shows_its_reason_and_does_not_count():
    rules = rules_from(
        {"mute": [{"tensor": "a_*", "reason": "a sparse head, see #12", "until": date(2026, 3, 1)}]}
    )
    health = findings(rules)
    assert {f.tensor: f.muted for f in health.findings()} == {"a_1": "a sparse head, see #12", "b_1": ""}
    assert health.verdict() == "warning"
    assert findings(rules_from({"mute": [{"reason": "known"}]})).verdict() == "too early"


@pytest.mark.parametrize(("today", "muted"), [(date(2026, 3, 1), True), (date(2026, 3, 2), False)])
def test_a_mute_holds_to_its_last_day(today, muted):
    rules = rules_from({"mute": [{"reason": "known", "until": "2026-03-01"}]})
    assert {bool(f.muted) for f in findings(rules, today=today).findings()} == {muted}


def test_a_file_and_python_say_the_same(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(
        """
        [symptoms.dead-units]
        threshold = 0.1
        exclude = ["a_*"]
        [[mute]]
        reason = "known"
        until = 2026-03-01
        """
    )
    python = RuleSet(
        name=str(file),
        symptoms={"dead-units": SymptomRules(limits={"threshold": 0.1}, exclude=("a_*",))},
        mutes=(Mute("known", until=date(2026, 3, 1)),),
    )
    assert load(str(file)) == python


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"symptom": {}}, "rules: unknown key 'symptom', did you mean 'symptoms'?"),
        (
            {"symptoms": {"dead-unit": {}}},
            "rules: symptoms: unknown key 'dead-unit', did you mean 'dead-units'?",
        ),
        (
            {"symptoms": {"dead-units": {"treshold": 1}}},
            "rules: symptoms.dead-units: unknown key 'treshold', did you mean 'threshold'?",
        ),
        (
            {"symptoms": {"dead-units": {"threshold": 1.5}}},
            "rules: symptoms.dead-units.threshold: 1.5 is out of range, it must be at most 1",
        ),
        (
            {"symptoms": {"dead-units": {"batches": "ten"}}},
            "rules: symptoms.dead-units.batches: 'ten' is not of type integer",
        ),
        (
            {"symptoms": {"dead-units": {"most_severity": "fatal"}}},
            "rules: symptoms.dead-units.most_severity: 'fatal' is none of info, warning, critical",
        ),
        (
            {"symptoms": {"dead-units": {"most_severity": "info", "least_severity": "warning"}}},
            "rules: symptoms.dead-units: least_severity 'warning' is above most_severity 'info'",
        ),
        ({"mute": [{"tensor": "*"}]}, "rules: mute.0: reason is missing"),
        (
            {"mute": [{"reason": "x", "until": "soon"}]},
            "rules: mute.0.until: 'soon' is no date, write YYYY-MM-DD",
        ),
        ({"extends": "strickt"}, "rules: extends: there is no preset 'strickt', did you mean 'strict'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_a_way_out(values, message):
    with pytest.raises(RulesError) as caught:
        rules_from(values)
    assert message in str(caught.value).splitlines()


def test_every_fault_has_a_line():
    with pytest.raises(RulesError) as caught:
        rules_from({"symptoms": {"dead-units": {"threshold": -1, "batches": 0}}})
    assert len(str(caught.value).splitlines()) == 2


def test_what_is_no_toml_and_what_is_no_file_is_said(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text("threshold = = 3")
    with pytest.raises(RulesError, match=r"rules\.toml: is no TOML: .*line 1"):
        load(str(file))
    with pytest.raises(RulesError, match=r"cannot be read .*the presets are default, strict"):
        load(str(tmp_path / "missing.toml"))


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_valid_and_change_only_what_exists(preset):
    jsonschema.validate(tomllib.loads(preset_text(preset)), schema())
    assert load(preset).name == preset


def test_a_file_changes_the_preset_it_extends():
    rules = rules_from({"extends": "strict", "symptoms": {"dead-units": {"critical": 0.9}}})
    assert rules.symptom("dead-units").limits == {"threshold": 0.1, "critical": 0.9, "inexcusable": 0.3}
    assert rules.symptom("loss-stalled") == load("strict").symptom("loss-stalled")


def test_the_document_of_the_defaults_names_every_number_and_changes_nothing():
    values = tomllib.loads(document())
    jsonschema.validate(values, schema())
    for name, symptom in SYMPTOMS.items():
        defaults = {
            parameter.name: parameter.default for parameter in parameters(symptom.limits_type).values()
        }
        assert values["symptoms"][name] == {"enabled": True, **defaults}


def test_the_schema_is_one_and_describes_every_number():
    jsonschema.Draft202012Validator.check_schema(schema())
    for symptom in schema()["properties"]["symptoms"]["properties"].values():
        assert all(entry["description"] for entry in symptom["properties"].values())
