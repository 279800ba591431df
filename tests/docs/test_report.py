"""The page about the report describes the report that the command prints."""

import json

import documentation
import pytest
from command import gradhealth
from sick_runs import write_sick_run

PAGE = documentation.DOCS / "reference" / "report.md"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The documented example, and a real report."""
    folder = tmp_path_factory.mktemp("logs")
    write_sick_run(folder / "sick", seed=1)
    done = gradhealth("check", folder, "--format", "json")
    assert done.returncode == 1, done.stderr
    (example,) = documentation.blocks(PAGE, "json")
    return json.loads(example), json.loads(done.stdout)


def test_it_has_the_fields_of_the_example(reports):
    example, real = reports
    assert example["schema"] == real["schema"]
    assert set(example) == set(real)
    (documented,), (run,) = example["runs"], real["runs"]
    assert set(documented) - {"hparams"} == set(run), "this run has no hyper-parameters"
    for name in ("findings", "incidents", "not_judged"):
        assert run[name], "a run that has some"
        assert set(documented[name][0]) == set(run[name][0])


def test_its_values_have_the_types_of_the_example(reports):
    example, real = reports
    finding, documented = real["runs"][0]["findings"][0], example["runs"][0]["findings"][0]
    for name, value in documented.items():
        if value is not None and finding[name] is not None:
            numbers = (int, float) if isinstance(value, float) else type(value)
            assert isinstance(finding[name], numbers), name
