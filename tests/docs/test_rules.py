"""What the documentation says of rules and settings, held to its word."""

import re
import sys

import documentation

from tb_gradhealth.cli.commands import COMMANDS
from tb_gradhealth.cli.settings import load_settings
from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.rules import rules_from

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_the_table_of_symptoms_names_and_links_every_one_and_no_other():
    text = (documentation.DOCS / "symptoms" / "index.md").read_text("utf-8")
    table = text[: text.index("## From a value")]
    assert set(re.findall(r"`([a-z]+-[a-z-]+)`", table)) == set(SYMPTOMS)
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", table)) == set(SYMPTOMS)


def test_the_rule_file_is_one():
    (example,) = documentation.blocks(documentation.DOCS / "how-to" / "rules.md", "toml")
    rules = rules_from(tomllib.loads(example))
    assert rules.symptom("dead-units").limits["threshold"] == 0.4


def test_the_settings_files_are_two_of_the_same(tmp_path):
    examples = documentation.blocks(documentation.DOCS / "building" / "settings.md", "toml")
    loaded = []
    for name, example in zip(("gradhealth.toml", "pyproject.toml"), examples, strict=True):
        (tmp_path / name).write_text(example)
        loaded.append(load_settings(tmp_path / name, COMMANDS).sections)
    assert loaded[0] == loaded[1] == {"check": {"fail-on": "warning", "rules": "rules.toml"}}
