"""Logs the health of a training to Weights & Biases: `pip install tb_gradhealth wandb`.

    python wandb_health.py LOGS/MY_RUN

The run gets the verdict as a tag, the numbers of findings in its summary, and the report as an artifact.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import wandb


def log_health(run: "wandb.Run", log_dir: str) -> None:
    """Log the health of a training to a run of Weights & Biases, once, before it is finished.

    Args:
        run: what ``wandb.init`` returned.
        log_dir: the folder that was given to the callback or recorder.

    Raises:
        ValueError: the folder was not judged.
    """
    path = Path(log_dir).resolve()
    run_only = ["--run", f"^{re.escape(path.name)}$"]
    check = [sys.executable, "-m", "tb_gradhealth.cli", "check", str(path.parent), *run_only]
    with tempfile.TemporaryDirectory() as folder:
        for form in ("json", "html"):
            subprocess.run([*check, "--format", form, "--output", f"{folder}/gradhealth.{form}"])
        report = Path(folder, "gradhealth.json")
        judged = json.loads(report.read_text("utf-8"))["runs"] if report.exists() else []
        if not judged:
            raise ValueError(f"{log_dir} was not judged; the output of `gradhealth check` says why")
        run.log_artifact(folder, name=f"gradhealth-{run.id}", type="report")

    health = judged[0]
    run.tags = (*run.tags, f"gradhealth: {health['verdict']}")
    run.summary.update({f"gradhealth/{name}": health[name] for name in ("verdict", "headline")})
    severities = [finding["severity"] for finding in health["findings"] if not finding["muted"]]
    for severity in ("critical", "warning", "info"):
        run.summary[f"gradhealth/{severity}"] = severities.count(severity)


if __name__ == "__main__":
    with wandb.init(name=Path(sys.argv[1]).name) as started:
        log_health(started, sys.argv[1])
