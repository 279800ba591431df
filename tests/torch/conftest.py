"""Fixtures of the trainings in PyTorch."""

import pytest
import torch


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "torch":
            item.add_marker(pytest.mark.training)


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def _one_thread():
    """Workers share two cores, and one thread makes results the same on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    yield
    torch.set_num_threads(before)
