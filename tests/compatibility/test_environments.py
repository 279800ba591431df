"""The environments of `make compatibility` are what `pyproject.toml` declares."""

import re
from pathlib import Path

import pytest
from environments import ENVIRONMENTS, chosen, oldest_releases
from extras import USES

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_dependency_is_held_at_its_oldest_release():
    pins = oldest_releases(PROJECT)
    assert len(pins) == len(PROJECT["dependencies"])
    assert "numpy==1.26" in pins
    assert "tomli==2; python_version < '3.11'" in pins


@pytest.mark.parametrize("requirement", ["numpy", "numpy<3", "numpy==2.0"])
def test_a_dependency_without_an_oldest_release_is_an_error(requirement):
    with pytest.raises(ValueError, match="names no oldest release"):
        oldest_releases({"dependencies": [requirement]})


def test_the_oldest_and_the_newest_python_are_tried():
    declared = [re.search(r"Python :: (3\.\d+)$", each) for each in PROJECT["classifiers"]]
    assert {each.python for each in ENVIRONMENTS} == {found[1] for found in declared if found}
    assert PROJECT["requires-python"] == f">={min((each.python for each in ENVIRONMENTS), key=_numbers)}"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: each.name)
def test_the_tests_of_an_environment_exist(environment):
    for path in environment.tests:
        assert (REPOSITORY / path).exists(), path
    text = "".join((REPOSITORY / path).read_text() for path in environment.tests if path.endswith(".py"))
    for word in environment.not_expected:
        assert re.search(rf"def test_\w*{word}", text), word


def test_environments_are_chosen_by_words():
    assert not any(each.huge for each in chosen([]))
    assert [each.name for each in chosen(["newest"])] == ["newest"]
    with pytest.raises(ValueError, match="no environment is named 'newst'; there are: oldest, reading; "):
        chosen(["newst"])


def test_every_extra_of_users_is_tried_alone():
    for_developers = {"docs", "release", "test"}
    parts_of_analysis = {"pandas", "xarray"}
    assert set(USES) == set(PROJECT["optional-dependencies"]) - for_developers - parts_of_analysis


def _numbers(version):
    return tuple(map(int, version.split(".")))
