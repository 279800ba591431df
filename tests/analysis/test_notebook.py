"""The notebook's cells run over real records and draw the picture."""

import json
from pathlib import Path

import matplotlib
from run_log import RunLog

from tb_gradhealth.record import Row, RowTable

NOTEBOOK = Path(__file__).parents[2] / "demo" / "analysis.ipynb"


def test_the_notebook_draws_each_layer_over_the_steps(tmp_path, monkeypatch):
    rows = [
        Row(f"layer_{depth}/kernel", "gradient", f"layer_{depth}", "kernel", depth, (8, 8))
        for depth in range(5)
    ]
    with RunLog(tmp_path / "run", RowTable(tuple(rows), settings={"every": 10})) as log:
        for step in range(0, 200, 10):
            log.record(
                step,
                *[{"rms": 10.0 ** (-2 * (4 - row.depth)), "nan_count": 0, "inf_count": 0} for row in rows],
            )
    monkeypatch.setenv("LOGDIR", str(tmp_path))
    matplotlib.use("Agg")
    names: dict[str, object] = {}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    figure = names["figure"]
    figure.savefig(tmp_path / "picture.png")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [row.tensor for row in rows]
    assert axes.collections[0].get_array().shape == (5, 20)
