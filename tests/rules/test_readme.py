"""What the README says of the rules, held to its word."""

import re
import sys
from pathlib import Path

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.rules import rules_from

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_it_names_every_symptom_and_no_other():
    table = README[README.index("## What it finds") : README.index("A finding opens when")]
    assert set(re.findall(r"`([a-z]+-[a-z-]+)`", table)) == set(SYMPTOMS)


def test_its_rule_file_is_one():
    (example,) = re.findall(r"```toml\n(extends.*?)```", README, re.DOTALL)
    rules = rules_from(tomllib.loads(example))
    assert rules.symptom("dead-units").limits["threshold"] == 0.4
