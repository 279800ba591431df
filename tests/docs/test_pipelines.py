"""The pipelines in the documentation are valid, and their commands exist."""

import re
import shlex
import subprocess
import sys

import documentation
import pytest

from tb_gradhealth.cli.check import check

PIPELINES = documentation.blocks(documentation.DOCS / "how-to" / "pipelines.md", "yaml")


@pytest.mark.parametrize(("index", "schema"), [(0, "vendor.github-workflows"), (1, "vendor.gitlab-ci")])
def test_a_pipeline_is_valid(tmp_path, index, schema):
    path = tmp_path / "pipeline.yml"

    def validated(content):
        path.write_text(content)
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
        return subprocess.run(command, capture_output=True, text=True).returncode == 0

    assert validated(PIPELINES[index])
    assert not validated(
        PIPELINES[index].replace("artifacts:", "artefacts: {}\n  script:").replace("steps:", "step:")
    )


def test_each_check_is_a_command_that_exists():
    commands = re.findall(r"gradhealth (check [^>\n]*)>", "".join(PIPELINES))
    assert len(commands) == 3
    for command in commands:
        _, *arguments = shlex.split(command)
        check.make_context("check", arguments)
