"""A missing or too old framework is named in one sentence with the command that installs it."""

import subprocess
import sys

import pytest

from tb_gradhealth.capture.required import FRAMEWORKS, too_old

DOORS = {
    "tensorflow": "import tb_gradhealth; tb_gradhealth.KerasCallback",
    "torch": "import tb_gradhealth.torch",
    "jax": "import tb_gradhealth.jax",
}
"""By framework, what its users write first."""


def last_line(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("module", FRAMEWORKS)
def test_a_missing_framework_gives_the_line_that_installs_it(module):
    hidden = f"import sys\nfor name in ('keras', {module!r}): sys.modules[name] = None\n"
    assert last_line(hidden + DOORS[module]) == (
        f"ModuleNotFoundError: recording with {FRAMEWORKS[module].title} needs {FRAMEWORKS[module].title}: "
        f"pip install 'tb_gradhealth[{module}]'"
    )


@pytest.mark.parametrize("module", FRAMEWORKS)
def test_a_framework_that_is_too_old_is_named_with_its_release(module, tmp_path):
    (tmp_path / f"{module}.py").write_text("__version__ = '0.4.38'\n")
    hidden = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules['keras'] = None\n"
    line = last_line(hidden + DOORS[module])
    title, oldest = FRAMEWORKS[module]
    assert f"records {title} {oldest[0]}.{oldest[1]} or newer, and {title} 0.4.38 is installed" in line


@pytest.mark.parametrize(
    ("module", "release", "recorded"),
    [
        ("tensorflow", "2.15.1", False),
        ("tensorflow", "2.16.1", True),
        ("tensorflow", "2.16.0-rc0", True),
        ("tensorflow", "3.0.0", True),
        ("torch", "2.3.1+cpu", False),
        ("torch", "2.4.0", True),
        ("torch", "2.13.0+cpu", True),
        ("jax", "0.5.3", False),
        ("jax", "0.10.2", True),
        ("jax", "a build of our own", True),
    ],
)
def test_releases_are_compared_by_number(module, release, recorded):
    assert (too_old(module, release) == "") == recorded
