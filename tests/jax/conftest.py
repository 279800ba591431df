"""Fixtures of the trainings in JAX."""

import jax
import pytest

# Before JAX makes its devices: the tests of several devices need some.
jax.config.update("jax_num_cpu_devices", 4)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "jax":
            item.add_marker(pytest.mark.training)


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "run"
