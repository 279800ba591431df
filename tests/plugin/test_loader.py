import argparse
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.data_ingester import DEFAULT_TENSOR_SIZE_GUIDANCE
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_gradhealth.plugin.loader import PLUGIN_NAME, FallbackPlugin, GradHealthLoader
from tb_gradhealth.plugin.plugin import GradHealthPlugin
from tb_gradhealth.plugin.tab_module import message_module
from tb_gradhealth.record import PLUGIN_NAME as RECORDED_NAME

# TensorBoard includes an old copy of a library that warns when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:html5lib's sanitizer is deprecated:DeprecationWarning")


def parsed(*arguments):
    """Flags parsed by TensorBoard, then fixed by it and by the loader."""
    from tensorboard.plugins.core.core_plugin import CorePluginLoader

    parser = argparse.ArgumentParser()
    core = CorePluginLoader()
    core.define_flags(parser)
    flags = parser.parse_args(["--logdir=x", *arguments])
    core.fix_flags(flags)
    GradHealthLoader().fix_flags(flags)
    return flags


def test_the_plugin_has_the_name_in_the_records():
    assert PLUGIN_NAME == RECORDED_NAME
    assert PLUGIN_NAME not in DEFAULT_TENSOR_SIZE_GUIDANCE


def test_tensorboard_keeps_one_record_of_the_plugin():
    assert parsed().samples_per_plugin == {"gradhealth": 1}


def test_samples_set_by_the_user_are_kept():
    samples = parsed("--samples_per_plugin=gradhealth=7,scalars=5").samples_per_plugin
    assert samples == {"gradhealth": 7, "scalars": 5}


@pytest.mark.parametrize("flags", [argparse.Namespace(), argparse.Namespace(samples_per_plugin=None)])
def test_missing_flags_are_ignored(flags):
    before = dict(vars(flags))
    GradHealthLoader().fix_flags(flags)
    assert vars(flags) == before


def test_the_loader_adds_one_flag_and_tolerates_a_conflict(caplog):
    parser = argparse.ArgumentParser()
    GradHealthLoader().define_flags(parser)
    assert "--gradhealth_rules" in parser.format_help()
    assert vars(parser.parse_args([])) == {"gradhealth_rules": ""}
    GradHealthLoader().define_flags(parser)  # already defined
    assert "another plugin's" in caplog.text


def rules_shown(**flags):
    context = base_plugin.TBContext(flags=argparse.Namespace(logdir="x", logdir_spec="", **flags))
    apps = GradHealthLoader().load(context).get_plugin_apps()
    return Client(apps["/rules"]).get("/").json


def test_the_tab_judges_by_the_rule_file_of_check(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text("version = 1\n[symptoms.dead-units]\nthreshold = 0.3\n")
    shown = rules_shown(gradhealth_rules=str(file))
    assert (shown["origin"], shown["problem"]) == (str(file), "")
    assert shown["rules"]["symptoms"] == {"dead-units": {"threshold": 0.3}}
    assert rules_shown(gradhealth_rules="strict")["origin"] == "strict"
    assert rules_shown()["origin"] == rules_shown(gradhealth_rules="")["origin"] == "default"


@pytest.mark.parametrize("text", ["[", "[symptoms.dead-unit]", "\0", None])
def test_an_invalid_rule_file_is_reported_and_the_default_rules_are_used(tmp_path, text):
    file = tmp_path / "rules.toml"
    if text is not None:
        file.write_text(text)
    shown = rules_shown(gradhealth_rules=str(file))
    assert (shown["origin"], shown["rules"]) == ("default", {"version": 1})
    assert str(file) in shown["problem"]
    assert "default rules" in shown["problem"]


def test_a_directory_or_binary_as_rule_file_is_reported(tmp_path):
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    for path in (tmp_path, tmp_path / "binary", "\0", "x" * 5000):
        assert "cannot be read" in rules_shown(gradhealth_rules=str(path))["problem"]


def test_the_entry_point_imports_no_large_package():
    code = (
        "import sys, tensorboard.plugins.base_plugin; before = set(sys.modules);"
        "import tb_gradhealth.plugin.loader;"
        "print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    loaded = set(answer.stdout.split())
    ours = {name for name in loaded if name.startswith("tb_gradhealth")}
    assert ours == {
        "tb_gradhealth",
        "tb_gradhealth.plugin",
        "tb_gradhealth.plugin.loader",
        "tb_gradhealth.version",
    }
    assert not loaded & {"numpy", "google_crc32c", "tensorflow", "werkzeug"}


def test_loading_reads_no_file(tmp_path):
    context = base_plugin.TBContext(flags=parsed(f"--logdir={tmp_path / 'absent'}"))
    plugin = GradHealthLoader().load(context)
    assert isinstance(plugin, GradHealthPlugin)
    assert not plugin.is_active()
    assert plugin.frontend_metadata().es_module_path == "/index.js"
    assert plugin.frontend_metadata().tab_name == "Grad Health"


def test_an_exception_while_loading_is_shown_in_the_tab(caplog):
    plugin = GradHealthLoader().load(None)  # without a context the plugin cannot be created
    assert isinstance(plugin, FallbackPlugin)
    response = Client(plugin.get_plugin_apps()["/index.js"]).get("/")
    assert (response.status_code, response.mimetype) == (200, "text/javascript")
    assert "AttributeError" in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)
    assert "Traceback" in caplog.text


def test_messages_are_shown_as_text():
    module = message_module('a "title"', ["</script><b>`${1}`\n\u2028"])
    assert 'const title = "a \\"title\\""' in module
    assert '["</script><b>`${1}`\\n\\u2028"]' in module
    assert "innerHTML" not in module
