"""JAX: nothing is copied to the host between records, and the overhead; see `run.py`.

python tests/gpu/jax_checks.py gpu|cpu DEADLINE
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import jax
import jax.numpy as jnp
import numpy as np
from jax_networks import Training
from paired import EVERY, rows, table
from recorded import Recorded

TARGETS = {"GPT": (10.0, 50.0, 200.0), "ResNet50": (50.0,)}
"""Milliseconds of a step; ResNet50 takes a minute to compile for each size of a batch."""


def check_transfers(name: str, tiny: bool) -> None:
    """Run the steps between two records while copies to the host raise."""
    training = Training(name, 2, tiny, True)
    for _ in range(EVERY + 1):
        training.step()
    with jax.transfer_guard_device_to_host("disallow_explicit"):
        for _ in range(EVERY - 1):
            training.step()
    training.step()
    training.close()
    assert Recorded(training.log_dir).steps == [0, EVERY, 2 * EVERY], "a step tripped"
    print(f"- {name}: nothing is copied to the host in {EVERY - 1} steps between records.")


def guard_raises() -> bool:
    """Whether a copy to the host raises where it is forbidden; on a CPU there is nothing to copy."""
    with jax.transfer_guard_device_to_host("disallow_explicit"):
        try:
            np.asarray(jnp.ones([2]) + 1)
        except RuntimeError:
            return True
    return False


def main(device: str, deadline: float) -> None:
    """Run the checks."""
    on_gpu = device == "gpu"
    if on_gpu:
        assert guard_raises(), "JAX's guard does not see copies to the host"
    elif not guard_raises():
        print("On a CPU nothing is copied to the host, so the next lines say nothing.")
    for name in TARGETS:
        check_transfers(name, not on_gpu)
    found = []
    for name, targets in TARGETS.items() if on_gpu else [("GPT", ())]:
        found += rows(
            name,
            lambda batch, recorded, name=name: Training(name, batch, not on_gpu, recorded),
            targets,
            16 if on_gpu else 2,
            8.0 if on_gpu else 0.0,
            deadline,
        )
    card = jax.devices()[0].device_kind if on_gpu else "CPU, tiny networks"
    print("\n" + table(card, f"JAX {jax.__version__}", found))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
