"""Every block of Python in the documentation runs, and what it records is judged.

A page's blocks run in their order, as one program.
Those of the README are excerpts: each gets the names it uses.
"""

import re
import runpy
import warnings

import documentation
import pytest
from run_log import RunLog

import tb_gradhealth as gradhealth
from tb_gradhealth.record import Row, RowTable

PAGES = [each for each in documentation.DOCUMENTS if documentation.blocks(each, "python")]
README = documentation.REPOSITORY / "README.md"
RECORDING = [
    documentation.DOCS / "how-to" / f"{name}.md"
    for name in (
        *("compiled-step", "custom-loop", "hugging-face", "jax", "keras-fit", "lightning", "pytorch"),
        *("several-devices", "several-optimizers", "stop-training"),
    )
]
"""The pages that record a training."""

TUTORIAL = documentation.DOCS / "tutorial.md"


def run(code, folder, names=None):
    """Run a program from a file, so that TensorFlow finds its source; its names."""
    file = folder / "program.py"
    file.write_text(code)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # frameworks warn of few workers, small data and the like
        return runpy.run_path(str(file), names)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logs(folder):
    """A run in ``logs``, for pages that read one."""
    table = RowTable(
        (Row("hidden/kernel", "gradient", "hidden", "kernel", 0, (8, 8)),), settings={"every": 10}
    )
    with RunLog(folder / "logs" / "mlp_sigmoid", table) as log:
        for step in range(0, 200, 10):
            log.record(step, {"rms": 0.1, "maximum": 0.5, "nan_count": 0.0})


@pytest.mark.training
@pytest.mark.parametrize("page", RECORDING, ids=documentation.name_of)
def test_a_page_that_records_runs_and_its_runs_are_judged(page, folder):
    run("".join(documentation.blocks(page, "python")), folder)
    runs = gradhealth.load("logs")
    assert runs
    assert {run.verdict for run in runs.values()} <= {"healthy", "too early", "warning", "critical"}


@pytest.mark.training
def test_the_tutorial_prints_what_it_says(folder, capsys):
    run("".join(documentation.blocks(TUTORIAL, "python")), folder)

    def shape(text):
        """The text without its numbers, which differ between processors."""
        return re.sub(r"\d[\d.,e]*", "#", text).split()

    assert shape(capsys.readouterr().out) == shape("".join(documentation.blocks(TUTORIAL, "text")))


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    "page",
    [each for each in PAGES if each not in (*RECORDING, TUTORIAL, README)],
    ids=documentation.name_of,
)
def test_another_page_runs(page, folder):
    run("".join(documentation.blocks(page, "python")), folder)


def keras_names():
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {"model": model, "x": np.ones((64, 4)), "y": np.ones((64, 1))}


def tensorflow_names():
    import tensorflow as tf

    names = keras_names()
    return {
        **names,
        "tf": tf,
        "gradhealth": gradhealth,
        "loss_fn": lambda y, predicted: tf.reduce_mean((predicted - y) ** 2),
        "writer": tf.summary.create_file_writer("logs/my_run"),
        "step": 0,
    }


def torch_names():
    import torch

    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train_step(x, y):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    loader = [(torch.ones(8, 4), torch.ones(8, 1))] * 3
    return {"model": model, "optimizer": optimizer, "loader": loader, "train_step": train_step}


def jax_names():
    import jax
    import jax.numpy as jnp

    def loss_fn(params, batch):
        outputs = {"dense": batch @ params["dense"]["kernel"]}
        return jnp.mean(outputs["dense"] ** 2), outputs

    params, batch = {"dense": {"kernel": jnp.ones((4, 2))}}, jnp.ones((8, 4))
    (loss, outputs), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
    measured = {"loss": loss, "outputs": outputs, "grads": grads}
    return {"loss_fn": loss_fn, "params": params, "batch": batch, "step": 0, **measured}


@pytest.mark.training
@pytest.mark.parametrize(
    ("index", "names"), [(0, keras_names), (1, tensorflow_names), (2, torch_names), (3, jax_names)]
)
def test_an_excerpt_of_the_readme_records(index, names, folder):
    excerpts = documentation.blocks(README, "python")
    assert len(excerpts) == 4
    # TensorFlow's records are written when the last reference to the writer is gone, the others' at the end.
    used = run(excerpts[index], folder, names())
    for name in ("recorder", "writer"):
        if name in used:
            used[name].close()
    assert gradhealth.load("logs")["my_run"].tensors
