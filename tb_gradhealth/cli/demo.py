"""`gradhealth demo`: trains healthy and broken networks while TensorBoard shows their findings."""

import os
import socket
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.framework import REQUIRED, environment, require_training

DEFAULT_LOGDIR: Final = "gradhealth-demo"


EXAMPLES: Final = {
    "gradhealth demo": "train and watch at http://localhost:6006/#gradhealth",
    "gradhealth demo --framework torch": "train with PyTorch",
    "gradhealth demo --no-serve --logdir logs": "only write the logs",
}


@click.command(
    epilog=epilog(
        EXAMPLES, {0: "trained; Ctrl-C ends the demo as well", 2: "wrong usage"}, runs_until_interrupted=True
    )
)
@click.option(
    "--framework",
    type=click.Choice(list(REQUIRED)),
    default="tensorflow",
    show_default=True,
    help="What the networks are trained with.",
)
@click.option(
    "--logdir",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where the logs go; it must be empty or new.  [default: {DEFAULT_LOGDIR}, numbered if taken]",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6006, show_default=True, help="TensorBoard's port."
)
@click.option("--serve/--no-serve", default=True, show_default=True, help="Open TensorBoard on the logs.")
def demo(framework: str, logdir: Path | None, port: int, serve: bool) -> None:
    """Train six small networks on real images, one healthy and five sick, and watch them in TensorBoard.

    TensorBoard starts first, so that the findings appear while the networks train. Ctrl-C ends it.
    """
    require_training("the demo", framework)
    if logdir is None:
        numbered = (Path(f"{DEFAULT_LOGDIR}-{number}") for number in count(2))
        logdir = next(path for path in chain([Path(DEFAULT_LOGDIR)], numbered) if _is_free(path))
    if not _is_free(logdir):
        raise click.UsageError(f"{logdir} is not empty: name another --logdir, or delete it first")
    if serve and not _can_listen(port):
        raise click.UsageError(f"port {port} is in use: name another one with --port")
    if serve and (problem := cannot_start(version("tensorboard"), find_spec("pkg_resources") is not None)):
        raise click.UsageError(problem)
    logdir.mkdir(parents=True, exist_ok=True)
    console = Console()
    server = _tensorboard(logdir, port) if serve else None
    if server is not None and port:
        console.print(f"Open http://localhost:{port}/#gradhealth and watch the networks train.")
    try:
        _train(framework, logdir, console)
        if server is not None:
            console.print("The networks are trained. TensorBoard goes on until Ctrl-C.")
            server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if server is not None:
            server.terminate()


def cannot_start(tensorboard: str, has_pkg_resources: bool) -> str:
    """Why a release of TensorBoard cannot start beside the installed setuptools; empty if it can."""
    if has_pkg_resources or tuple(map(int, tensorboard.split(".")[:2])) >= (2, 21):
        return ""
    return (
        f"TensorBoard {tensorboard} needs pkg_resources, which setuptools has up to release 81: "
        "pip install 'setuptools<82', or TensorBoard 2.21 or newer"
    )


def _is_free(logdir: Path) -> bool:
    return not logdir.exists() or not any(logdir.iterdir())


def _can_listen(port: int) -> bool:
    try:
        socket.create_server(("localhost", port)).close()
    except OSError:
        return False
    return True


def _train(framework: str, logdir: Path, console: Console) -> None:
    os.environ.update(environment())  # TensorFlow reads it while it is imported
    from tb_gradhealth.demo.run import train_all

    train_all(framework, logdir, console)


def _tensorboard(logdir: Path, port: int) -> "subprocess.Popen[bytes]":
    """TensorBoard in a process of its own, which prints its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", str(port)]
    return subprocess.Popen(command, env=environment())
