"""`KerasCallback` under Keras's other backends: an error in one sentence that names what to write instead."""

import os
import subprocess
import sys

import pytest

CONSTRUCT = """
import sys
{before}
import keras
import tb_gradhealth as gradhealth
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
try:
    gradhealth.KerasCallback(sys.argv[1])
except RuntimeError as error:
    print(error)
print("tensorflow" in sys.modules and sys.modules["tensorflow"] is not None)
"""

INSTEAD = {"jax": "tb_gradhealth.jax.Watch", "torch": "tb_gradhealth.torch.watch"}


def run(backend, code, folder):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, env=environment
    )


@pytest.mark.parametrize("backend", INSTEAD)
@pytest.mark.parametrize("before", ["", "sys.modules['tensorflow'] = None"])
def test_another_backend(tmp_path, backend, before):
    done = run(backend, CONSTRUCT.format(before=before), tmp_path)
    assert done.returncode == 0, done.stderr
    message, loaded = done.stdout.splitlines()
    assert message.startswith(f"KerasCallback cannot record fit with Keras's backend {backend}: ")
    assert INSTEAD[backend] in message
    assert "KERAS_BACKEND=tensorflow" in message
    assert loaded == "False", "TensorFlow is not needed for it"
    assert not list(tmp_path.iterdir())


def test_the_backend_of_tensorflow_where_tensorflow_is_missing(tmp_path):
    code = "import sys; sys.modules['tensorflow'] = None; import tb_gradhealth; tb_gradhealth.KerasCallback"
    done = run("tensorflow", code, tmp_path)
    assert "ModuleNotFoundError" in done.stderr
    assert "tensorflow" in done.stderr.splitlines()[-1]


def test_the_backend_of_tensorflow(tmp_path):
    done = run("tensorflow", CONSTRUCT.format(before=""), tmp_path)
    assert done.stdout == "True\n", done.stderr
