"""The manifests and forms that are copied, not run, in the tests: each is valid by its published schema."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tb_gradhealth.cli.check import check
from tb_gradhealth.plugin.routes import ROUTES

REPOSITORY = Path(__file__).parents[1]
ECOSYSTEM = REPOSITORY / "demo" / "ecosystem"
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
OBJECTS = list(yaml.safe_load_all((ECOSYSTEM / "kubernetes.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    ("path", "schema", "required"),
    [
        (ECOSYSTEM / "compose.yaml", "vendor.compose-spec", "target"),
        (REPOSITORY / "CITATION.cff", "vendor.citation-file-format", "authors"),
        *[(form, "vendor.github-issue-forms", "body") for form in FORMS if form.stem != "config"],
        *[(form, "vendor.github-issue-config", "blank") for form in FORMS if form.stem == "config"],
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_a_file_is_valid(path, schema, required, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(re.sub(rf"\b{required}", "misspelt", path.read_text("utf-8")))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    assert subprocess.run([*command, str(path)]).returncode == 0
    assert subprocess.run([*command, str(broken)], capture_output=True).returncode == 1


@pytest.mark.parametrize("content", OBJECTS, ids=lambda content: content["kind"])
def test_a_kubernetes_object_is_valid(content):
    kubernetes_validate.validate(content, kubernetes_validate.latest_version(), strict=True)
    misspelt = {**content, "spec": {**content["spec"], "misspelt": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, kubernetes_validate.latest_version(), strict=True)


def test_the_kubernetes_objects_fit_together():
    by_kind = {content["kind"]: content for content in OBJECTS}
    template = by_kind["Deployment"]["spec"]["template"]
    labels, pod = template["metadata"]["labels"], template["spec"]
    assert by_kind["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claim = by_kind["PersistentVolumeClaim"]["metadata"]["name"]
    assert volumes["logs"]["persistentVolumeClaim"] == {"claimName": claim, "readOnly": True}
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    probed = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probed == {"/data/plugin/gradhealth/version"}
    assert "/version" in {route.path for route in ROUTES}


def test_all_containers_are_started_alike_and_not_as_root():
    dockerfile = (ECOSYSTEM / "Dockerfile").read_text("utf-8")
    arguments = yaml.safe_load(re.search(r"^CMD (.*)$", dockerfile, re.MULTILINE)[1])
    (deployment,) = [content for content in OBJECTS if content["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == arguments
    user, group = re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)[-1]
    assert int(user) > 0 < int(group)


@pytest.mark.parametrize(
    "form", [form for form in FORMS if form.stem != "config"], ids=lambda form: form.stem
)
def test_the_commands_of_a_form_exist(form):
    commands = re.findall(r"gradhealth (check .*)", form.read_text("utf-8"))
    assert commands or form.stem == "bug"
    for command in commands:
        _, *arguments = shlex.split(command)
        options = check.make_context("check", arguments).params
        assert options["audit"]
        assert options["explain"]
