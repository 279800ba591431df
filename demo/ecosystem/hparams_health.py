"""Writes one number of health into every run, by which TensorBoard's HParams tab can colour the runs.

    python hparams_health.py LOGDIR

0 is healthy, 1 a warning and 2 critical; a run that is too early to judge gets none. Run it after training.
"""

import sys
from pathlib import Path

from tensorboard.summary import Writer

import tb_gradhealth as gradhealth

HEALTH = {"healthy": 0, "warning": 1, "critical": 2}


def write_health(logdir: Path) -> dict[str, int]:
    """Write the scalar ``gradhealth/health`` into each judged run, beside the recorder's own scalars.

    Args:
        logdir: the log directory.

    Returns:
        The number of each judged run.

    Raises:
        FileNotFoundError: the directory does not exist.
    """
    judged = {name: run for name, run in gradhealth.load(logdir).items() if run.verdict in HEALTH}
    for name, run in judged.items():
        writer = Writer(str(logdir / name / "gradhealth"))
        writer.add_scalar("gradhealth/health", HEALTH[run.verdict], step=0)
        writer.close()
    return {name: HEALTH[run.verdict] for name, run in judged.items()}


if __name__ == "__main__":
    for run, health in write_health(Path(sys.argv[1])).items():
        print(health, run)
