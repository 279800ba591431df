"""The routes ``symptoms``, ``rules`` and ``judge``."""

import json
import time
from dataclasses import replace

import pytest
from route_client import finding_id, strict_json, without

from tb_gradhealth import rules
from tb_gradhealth.health import SYMPTOMS, parameters


def test_symptoms_include_those_of_findings(get):
    answer = strict_json(get("symptoms"))
    assert answer["schema"] == "gradhealth.symptoms/1"
    symptom = next(each for each in answer["symptoms"] if each["id"] == "non-finite")
    assert {"title", "meaning", "causes", "advice", "measure", "logarithmic", "direction"} <= symptom.keys()
    advice = symptom["advice_by_framework"]
    assert set(advice) == {"tensorflow", "torch", "jax"}
    assert {name: len(texts) for name, texts in advice.items()} == dict.fromkeys(
        advice, len(symptom["advice"])
    )
    assert "torch.isfinite" in " ".join(advice["torch"])


def test_symptoms_have_a_formula_a_source_and_kinds(get):
    symptoms = {each["id"]: each for each in strict_json(get("symptoms"))["symptoms"]}
    assert all(each["formula"] and each["source"] and each["kinds"] for each in symptoms.values())
    assert symptoms["dead-units"]["kinds"] == ["activation"]
    assert symptoms["vanishing-gradient"]["kinds"] == ["gradient"]
    assert symptoms["loss-spike"]["kinds"] == ["loss"]


def test_the_rules_in_force_are_a_valid_rule_file(get, tmp_path):
    answer = strict_json(get("rules"))
    assert (answer["origin"], answer["problem"], answer["mutes"]) == ("default", "", [])
    (tmp_path / "rules.toml").write_text(answer["toml"])
    assert rules.load(str(tmp_path / "rules.toml")).symptoms == rules.load("default").symptoms
    assert [preset["name"] for preset in answer["presets"]] == list(rules.PRESETS)
    for preset in answer["presets"]:
        assert in_full(rules.rules_from(preset["rules"])) == in_full(rules.load(preset["name"]))
        assert preset["summary"]
    dead = next(each for each in answer["symptoms"] if each["id"] == "dead-units")
    threshold = dead["limits"][0]
    assert (threshold["name"], threshold["value"], threshold["maximum"]) == ("threshold", 0.2, 1)
    assert dead["scope"].startswith("Judges activations; leaves out: ")


def in_full(rule_set):
    """The rules of every symptom, including the defaults."""
    return {
        name: replace(wanted := rule_set.symptom(name), limits={**defaults(symptom), **wanted.limits})
        for name, symptom in SYMPTOMS.items()
    }


def defaults(symptom):
    return {name: parameter.default for name, parameter in parameters(symptom.limits_type).items()}


def judged(get, document, **parameters):
    return strict_json(get("judge", rules=json.dumps(document), **parameters))


def test_judging_by_the_rules_in_force_changes_nothing(get):
    answer = judged(get, {"version": 1})
    assert (answer["added"], answer["removed"], answer["changed"]) == ([], [], [])
    assert answer["counts"]["before"] == answer["counts"]["after"] == {"critical": 1, "warning": 0, "info": 0}
    listed = strict_json(get("findings", trends="0"))["findings"]
    assert answer["findings"] == [without(finding, "sort_key") for finding in listed]


def test_judging_by_other_rules_returns_the_changes(get, tmp_path):
    identity = finding_id(get)
    off = judged(get, {"symptoms": {"non-finite": {"enabled": False}}})
    (removed,) = off["removed"]
    assert (removed["run"], removed["id"], removed["symptom"]) == ("sick", identity, "non-finite")
    assert off["findings"] == []
    weaker = judged(get, {"symptoms": {"non-finite": {"most_severity": "warning"}}}, run="sick")
    (changed,) = weaker["changed"]
    assert {
        "run": "sick",
        "id": identity,
        "before": "critical",
        "after": "warning",
    }.items() <= changed.items()
    assert (changed["symptom"], changed["tensor"]) == ("non-finite", "dense/kernel")
    muted = judged(get, {"mute": [{"reason": "known = fine", "tensor": "dense/*", "until": "2999-01-01"}]})
    assert (muted["counts"]["after"]["critical"], len(muted["removed"])) == (0, 1)
    (tmp_path / "kept.toml").write_text(muted["toml"])
    (mute,) = rules.load(str(tmp_path / "kept.toml")).mutes
    assert (mute.reason, mute.tensor, str(mute.until)) == ("known = fine", "dense/*", "2999-01-01")


def test_a_rule_file_is_judged_like_its_document(get):
    document = {
        "version": 1,
        "symptoms": {"dead-units": {"threshold": 0.3}, "non-finite": {"most_severity": "warning"}},
        "mute": [{"reason": "it is ü", "symptom": "*", "tensor": "frozen/*", "until": "2999-01-01"}],
    }
    by_document = judged(get, document)
    assert by_document["rules"] == document
    by_file = strict_json(get("judge", toml=by_document["toml"]))
    assert by_file == by_document
    preset = strict_json(get("judge", toml='extends = "quiet"'))["rules"]
    assert preset == next(
        each["rules"] for each in strict_json(get("rules"))["presets"] if each["name"] == "quiet"
    )


def test_the_output_of_gradhealth_rules_is_judged_like_the_default_rules(get):
    assert strict_json(get("judge", toml=rules.document()))["rules"] == {"version": 1}


TRIED = [
    {},
    {"symptoms": {"non-finite": {"threshold": 2}}},
    {"symptoms": {"non-finite": {"threshold": 50}}},
    {"symptoms": {"non-finite": {"enabled": False}, "dead-units": {"threshold": 0.3}}},
    {"symptoms": {"non-finite": {"most_severity": "warning"}}},
    {"symptoms": {"non-finite": {"exclude": ["dense/*"]}}},
    {"symptoms": {"no-gradient": {"enabled": False}}},
    {"mute": [{"reason": "known", "symptom": "non-*"}]},
    {"symptoms": {"loss-spike": {"past": 4}}, "mute": [{"reason": "known", "tensor": "frozen/*"}]},
]


@pytest.mark.parametrize("document", TRIED, ids=str)
def test_changes_are_the_same_with_and_without_findings(get, logs, add_run, document):
    add_run(logs / "long", bad_from=9_000, records=1_200)  # more than the history keeps one by one
    while not strict_json(get("runs"))["loading"]["done"]:
        time.sleep(0.05)
    whole, changes = judged(get, document), judged(get, document, findings="0")
    assert changes.pop("findings") == []
    found = [each for each in whole.pop("findings") if not each["muted"]]
    assert whole == changes
    assert sum(whole["counts"]["after"].values()) == len(found)
    gone = len(whole["removed"]) - len(whole["added"])
    assert sum(whole["counts"]["before"].values()) == len(found) + gone
