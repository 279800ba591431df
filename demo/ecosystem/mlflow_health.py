"""Logs the health of a training to MLflow: `pip install tb_gradhealth mlflow`.

    python mlflow_health.py LOGS/MY_RUN

The MLflow run gets the verdict as a tag, the numbers of findings as metrics, and the report as an artifact.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import mlflow


def log_health(log_dir: str) -> None:
    """Log the health of a training to the active MLflow run, while it trains or afterwards.

    Args:
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
        mlflow.log_artifacts(folder, "gradhealth")

    run = judged[0]
    mlflow.set_tags({"gradhealth.verdict": run["verdict"], "gradhealth.headline": run["headline"]})
    severities = [finding["severity"] for finding in run["findings"] if not finding["muted"]]
    for severity in ("critical", "warning", "info"):
        mlflow.log_metric(f"gradhealth/{severity}", severities.count(severity))


if __name__ == "__main__":
    with mlflow.start_run(run_name=Path(sys.argv[1]).name):
        log_health(sys.argv[1])
