"""Each extra alone in a new environment: without it, a sentence names the command; with it, the work is done.

    python tests/compatibility/extras.py                # all but those that download gigabytes
    python tests/compatibility/extras.py fleet watch    # these

The runs that are read are those in ``tests/record/kept/``. Part of `make compatibility`.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from run import REPOSITORY, build_wheel

RUNS: Final = REPOSITORY / "tests" / "record" / "kept" / "1.0"

CLUSTER: Final = """
import subprocess, sys
from pathlib import Path
try:
    from distributed import LocalCluster
    cluster = LocalCluster(n_workers=1, processes=False, dashboard_address=None, protocol="tcp")
    address = cluster.scheduler_address
except ModuleNotFoundError:
    address = "tcp://127.0.0.1:9"
gradhealth = Path(sys.executable).with_name("gradhealth")
sys.exit(subprocess.run([gradhealth, "check", sys.argv[1], "--dask", address]).returncode)
"""

LOADED: Final = """
import sys, tb_gradhealth
run = tb_gradhealth.load(sys.argv[1])["torch"]
gradients = run.statistics("gradient")
print(len(gradients.to_pandas()), dict(gradients.to_xarray().sizes))
"""

TRAINED: Final = {
    "tensorflow": "import sys, tb_gradhealth as gradhealth\n"
    "callback = gradhealth.KerasCallback\n"
    "import keras, numpy as np\n"
    "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
    "model.compile('sgd', 'mse')\n"
    "x = np.ones((512, 3), 'float32')\n"
    "model.fit(x, x[:, :1], verbose=0, callbacks=[callback(sys.argv[2])])\n",
    "torch": "import sys, tb_gradhealth.torch as gradhealth, torch\n"
    "model = torch.nn.Linear(3, 1)\n"
    "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
    "with gradhealth.watch(model, optimizer, sys.argv[2]) as watcher:\n"
    "    for _ in range(20):\n"
    "        loss = model(torch.ones(8, 3)).square().mean()\n"
    "        loss.backward(); optimizer.step(); optimizer.zero_grad(); watcher.step(loss)\n",
    "jax": "import sys, tb_gradhealth.jax as gradhealth, jax, jax.numpy as jnp\n"
    "loss_fn = lambda params, x: (jnp.mean((x @ params['w']) ** 2), {})\n"
    "params = {'w': jnp.ones((3, 1))}\n"
    "watch = gradhealth.Watch.of(loss_fn, params, jnp.ones((8, 3)))\n"
    "state = watch.init()\n"
    "with gradhealth.Recorder(sys.argv[2], watch) as recorder:\n"
    "    for step in range(20):\n"
    "        (loss, outputs), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, jnp.ones((8, 3)))\n"
    "        new = jax.tree.map(lambda w, g: w - 0.1 * g, params, grads)\n"
    "        state = watch.observe(state, grads=grads, params=new, previous=params, loss=loss,\n"
    "                              activations=outputs)\n"
    "        params, state = new, recorder.write(state, step)\n",
}
"""By framework, a training that writes to the second argument; each is checked afterwards."""


@dataclass(frozen=True)
class Use:
    """What people do with an extra.

    Attributes:
        command: the arguments of ``gradhealth``, with RUNS, LOGS (a copy) and OUT; or of ``python`` after -c.
        code: the exit code where it works.
        shows: what it prints there.
        missing: the exit code where the extra is missing.
        huge: whether it downloads gigabytes; it is then tried only if it is named.
        named: the extra that the sentence names, where it is not the only one.
    """

    command: tuple[str, ...]
    code: int
    shows: str
    missing: int = 2
    huge: bool = False
    named: str = ""


USES: Final[Mapping[str, Use]] = {
    "remote": Use(("check", "memory://nothing"), 2, "does not exist"),
    "fleet": Use(("python", CLUSTER, "RUNS"), 1, "dead-units", missing=2),
    "analysis": Use(("python", LOADED, "RUNS"), 0, "'tensor'", missing=1),
    "watch": Use(("watch", "RUNS", "--once", "--exec", "true", "--state", "OUT/state.json"), 1, "torch"),
    "prometheus": Use(("export", "RUNS", "--prometheus"), 0, "# EOF"),
    "archive": Use(
        (
            "prune",
            "LOGS",
            "--keep-days",
            "0",
            "--idle-minutes",
            "0",
            "--archive",
            "OUT/old.tar.zst",
            "--apply",
        ),
        0,
        "removed",
    ),
    "demo": Use(
        ("demo", "--no-serve", "--logdir", "OUT/demo"), 2, "needs tensorflow", named="tensorflow,demo"
    ),
    "tensorflow": Use(("python", TRAINED["tensorflow"], "RUNS", "OUT/run"), 0, "", missing=1),
    "jax": Use(("python", TRAINED["jax"], "RUNS", "OUT/run"), 0, "", missing=1),
    "torch": Use(("python", TRAINED["torch"], "RUNS", "OUT/run"), 0, "", missing=1, huge=True),
}


def main(names: list[str]) -> int:
    """Try the named extras; the exit code is 1 if one failed, 2 for an unknown one."""
    console = Console()
    if unknown := sorted(set(names) - set(USES)):
        console.print(f"[red]no extra is named {', '.join(unknown)}; there are {', '.join(USES)}")
        return 2
    chosen = names or [name for name, use in USES.items() if not use.huge]
    with tempfile.TemporaryDirectory(prefix="gradhealth-extras-") as folder:
        wheel = build_wheel(Path(folder) / "dist")
        failures = [name for name in chosen if not _tried(name, USES[name], wheel, Path(folder), console)]
    return int(bool(failures))


def _tried(name: str, use: Use, wheel: Path, folder: Path, console: Console) -> bool:
    home, out = folder / f"environment-{name}", folder / f"out-{name}"
    out.mkdir()
    shutil.copytree(RUNS, out / "logs")
    try:
        venv.create(home, with_pip=True)
        _install(home, str(wheel))
        without = _used(use, home, out)
        _install(home, f"{wheel}[{name}]")
        with_it = _used(use, home, out)
        trained = [home / "bin" / "gradhealth", "check", out / "run"] if name in TRAINED else ["true"]
        judged = subprocess.run(trained, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    line = f"pip install 'tb_gradhealth[{use.named or name}]'"
    named = [each for each in without.stderr.splitlines() + without.stdout.splitlines() if line in each]
    passed = (
        len(named) == 1
        and without.returncode == use.missing
        and with_it.returncode == use.code
        and use.shows in with_it.stdout + with_it.stderr
        and judged.returncode == 0
    )
    console.print(f"{name}: [green]works alone" if passed else f"{name}: [red]failed")
    console.print(f"  without it ({without.returncode}): {' '.join(named) or without.stderr}", markup=False)
    if not passed:
        console.print(f"  with it ({with_it.returncode}): {with_it.stdout}{with_it.stderr}", markup=False)
        console.print(judged.stdout + judged.stderr, markup=False)
    return passed


def _install(home: Path, requirement: str) -> None:
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def _used(use: Use, home: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    tool = [str(home / "bin" / "gradhealth")]
    arguments = use.command
    if arguments[0] == "python":
        tool, arguments = [str(home / "bin" / "python"), "-c"], arguments[1:]
    places = {"RUNS": str(RUNS), "LOGS": str(out / "logs")}
    filled = [places.get(each, each.replace("OUT/", f"{out}/")) for each in arguments]
    return subprocess.run([*tool, *filled], capture_output=True, text=True, check=False, cwd=out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
