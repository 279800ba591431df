"""Checks on a GPU: conformance, no waiting between records, overhead; PyTorch and JAX, without TensorFlow.

    python tests/gpu/run.py [--only conformance torch jax] [--minutes 4] [--device cpu]

It needs tb_gradhealth with the extras `torch` and `jax`, pytest and Optax. Each part is a process of its own.
With ``--device cpu`` the same checks run on a CPU, with tiny networks. Without a GPU nothing is checked.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("conformance", "torch", "jax")
FINDS_GPU = {
    "torch": "import torch; raise SystemExit(not torch.cuda.is_available())",
    "jax": "import jax; raise SystemExit(jax.default_backend() != 'gpu')",
}
"""Programs that succeed if the framework finds a GPU."""


def has_gpu(framework: str) -> bool:
    """Whether a framework is installed and finds a GPU."""
    if find_spec(framework) is None:
        return False
    return not subprocess.run([sys.executable, "-c", FINDS_GPU[framework]], capture_output=True).returncode


def command_of(part: str, device: str, deadline: float) -> list[str]:
    """The command of a part."""
    if part == "conformance":
        suite = HERE.parent / "capture" / "conformance"
        return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)]
    return [sys.executable, str(HERE / f"{part}_checks.py"), device, str(deadline)]


def main() -> int:
    """Run the parts; 0 if none failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--minutes", type=float, default=4.0, help="rows that would begin later are left out")
    arguments = parser.parse_args()
    on_gpu = [framework for framework in FINDS_GPU if arguments.device == "cpu" or has_gpu(framework)]
    if not on_gpu:
        print("Nothing is checked: neither PyTorch nor JAX finds a GPU (--device cpu checks the script).")
        return 0
    environment = {
        **os.environ,
        "GRADHEALTH_DEVICE": "cuda" if arguments.device == "gpu" and "torch" in on_gpu else "cpu",
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    if arguments.device == "cpu":
        environment["JAX_PLATFORMS"] = "cpu"
    deadline, failed = time.time() + 60 * arguments.minutes, []
    for part in arguments.only:
        print(f"\n## {part}\n", flush=True)
        if part in FINDS_GPU and part not in on_gpu:
            print(f"{part} finds no GPU: its checks are left out.")
            continue
        # The measured networks use the precision that the frameworks choose.
        own = {
            key: value for key, value in environment.items() if part == "conformance" or "MATMUL" not in key
        }
        if subprocess.run(command_of(part, arguments.device, deadline), env=own, check=False).returncode:
            failed.append(part)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nAll checks passed.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
