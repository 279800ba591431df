"""The environments of `make compatibility`: the declared oldest releases, some between, and the newest."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

READING: Final = (
    "tests/record",
    "tests/events/test_run_reader.py",
    "tests/events/test_tail.py",
    "tests/events/test_framing.py",
    "tests/health/test_assessment.py",
    "tests/health/test_stream.py",
    "tests/rules/test_load.py",
    "tests/report/test_model.py",
    "tests/report/test_html.py",
    "tests/cli/test_check.py",
    "tests/plugin/test_server.py",
    "tests/plugin/test_findings_routes.py",
    "tests/plugin/test_loader.py",
)
"""Without a framework: event files, findings, rules, reports, and the tab's routes of a real TensorBoard."""

TRAINING: Final[Mapping[str, tuple[str, ...]]] = {
    "tensorflow": (
        "tests/capture/test_keras_callback.py",
        "tests/capture/test_recorder.py",
        "tests/capture/test_summary.py",
        "tests/capture/test_flow.py",
        "tests/ways/test_early_variables.py",
    ),
    "torch": ("tests/torch/test_numbers.py", "tests/torch/test_steps.py", "tests/torch/test_verdicts.py"),
    "jax": ("tests/jax/test_numbers.py", "tests/jax/test_steps.py", "tests/jax/test_verdicts.py"),
}
"""By framework, the tests of its recording: real trainings, and the verdicts on them."""

OLD_SETUPTOOLS: Final = "setuptools<82"
"""TensorBoard before 2.21 imports pkg_resources, which setuptools 82 removed."""


@dataclass(frozen=True)
class Environment:
    """A Python, the releases in it, and the frameworks that train in it."""

    name: str
    python: str
    packages: tuple[str, ...]
    """Requirements beside this package."""
    frameworks: tuple[str, ...] = ()
    oldest: bool = False
    """Whether each direct dependency is held at the oldest declared release."""
    not_expected: tuple[str, ...] = ()
    """Tests of what these releases do otherwise themselves, with the reason in `ENVIRONMENTS`."""
    huge: bool = False
    """Whether it downloads gigabytes; it then runs only if it is named."""

    @property
    def tests(self) -> tuple[str, ...]:
        """The paths of its tests."""
        return READING + tuple(path for name in self.frameworks for path in TRAINING[name])


# Before 3.4, Keras does not put a layer's name before those of the layers within it, and pickles no layers
# (before 3.2); up to 3.7 it ends an epoch at an incomplete group of steps_per_execution.
_SHORT_NAMES: Final = ("composite_layer", "keras_attention")
_LAST_GROUP: Final = ("steps_per_execution_records_the_exact_step",)
_NO_PICKLE: Final = ("exception_in_training_leaves_a_readable_file",)

# JAX 0.6 does not tell which function it compiles.
_UNNAMED_COMPILATION: Final = ("step_is_compiled_once",)

ENVIRONMENTS: Final = (
    Environment("oldest, reading", "3.10", (OLD_SETUPTOOLS,), oldest=True),
    Environment(
        "oldest, TensorFlow 2.16 and Keras 3.0",
        "3.10",
        ("tensorflow-cpu==2.16.*", "keras==3.0.*", OLD_SETUPTOOLS),
        ("tensorflow",),
        oldest=True,
        not_expected=_SHORT_NAMES + _LAST_GROUP + _NO_PICKLE,
    ),
    Environment(
        "TensorFlow 2.17 and Keras 3.4",
        "3.11",
        ("tensorflow-cpu==2.17.*", "keras==3.4.*", OLD_SETUPTOOLS),
        ("tensorflow",),
        not_expected=_LAST_GROUP,
    ),
    Environment(
        "TensorFlow 2.18 and Keras 3.6",
        "3.12",
        ("tensorflow-cpu==2.18.*", "keras==3.6.*", OLD_SETUPTOOLS),
        ("tensorflow",),
        not_expected=_LAST_GROUP,
    ),
    Environment(
        "TensorFlow 2.20 and Keras 3.12",
        "3.13",
        ("tensorflow-cpu==2.20.*", "keras==3.12.*", OLD_SETUPTOOLS),
        ("tensorflow",),
    ),
    Environment(
        "oldest, JAX",
        "3.10",
        ("jax==0.6.0", "flax", "optax"),
        ("jax",),
        not_expected=_UNNAMED_COMPILATION,
    ),
    Environment(
        "oldest, PyTorch", "3.10", ("torch==2.4.*", OLD_SETUPTOOLS), ("torch",), oldest=True, huge=True
    ),
    Environment("newest", "3.13", ("tensorflow-cpu", "jax", "flax", "optax"), ("tensorflow", "jax")),
)


def oldest_releases(project: Mapping[str, Any]) -> list[str]:
    """A pin for each direct dependency: ``"numpy>=1.26"`` becomes ``"numpy==1.26"``, which is 1.26.0.

    Args:
        project: the table ``[project]`` of ``pyproject.toml``.

    Raises:
        ValueError: a requirement names no oldest release.
    """
    return [_oldest(requirement) for requirement in project["dependencies"]]


def _oldest(requirement: str) -> str:
    found = re.match(r"([A-Za-z0-9_.-]+)>=([0-9.]+)\s*(;.*)?$", requirement)
    if found is None:
        raise ValueError(f"pyproject.toml: the dependency {requirement!r} names no oldest release")
    return f"{found[1]}=={found[2]}{found[3] or ''}"


def chosen(names: Iterable[str]) -> list[Environment]:
    """The environments whose names contain one of the words; without any, all but the huge ones.

    Raises:
        ValueError: no environment has one of the words.
    """
    words = list(names)
    for word in words:
        if not any(word in each.name for each in ENVIRONMENTS):
            known = "; ".join(each.name for each in ENVIRONMENTS)
            raise ValueError(f"no environment is named {word!r}; there are: {known}")
    if not words:
        return [each for each in ENVIRONMENTS if not each.huge]
    return [each for each in ENVIRONMENTS if any(word in each.name for word in words)]
