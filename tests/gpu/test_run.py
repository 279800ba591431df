"""The script for a GPU runs where there is none: on a CPU with tiny networks, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

RUN = Path(__file__).with_name("run.py")


def run(*arguments):
    return subprocess.run([sys.executable, str(RUN), *arguments], capture_output=True, text=True, timeout=500)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_there_is_one_sentence():
    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nothing is checked: neither PyTorch nor JAX finds a GPU")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.slow
def test_on_a_cpu_with_tiny_networks():
    done = run("--device", "cpu", "--only", "torch", "jax")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("between records") == 4
    assert done.stdout.count("| GPT, batch of 2 |") == 2
    assert done.stdout.count("| ResNet50, batch of 2 |") == 1
    assert "All checks passed." in done.stdout


def test_waiting_between_records_fails(tmp_path):
    program = f"""
import sys
sys.path.insert(0, {str(RUN.parent)!r})
import torch_checks
from tb_gradhealth.capture.torch.observing.flight_recorder import FlightRecorder

# The host reads each step's numbers: the very mistake that the check is for.
original = FlightRecorder.add
FlightRecorder.add = lambda self, values, number: (values.sum().item(), original(self, values, number))
torch_checks.check_waits("GPT", "cpu")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert "GPT: the host waits between records" in done.stderr
