"""Memory that tracing has freed goes back to the system, once, after the first record."""

import platform
import subprocess
import sys

import numpy as np
import pytest

from tb_gradhealth.capture import run_recorder

keras = pytest.importorskip("keras")

FREE_A_HEAP = """
import os

from tb_gradhealth.capture.freed_memory import return_freed_memory


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


parts = [b"x" * (1 << 16) for _ in range(4_000)]  # too small for a mapping of their own
last = parts[-1]  # the heap ends with it, so nothing below it is returned
full = resident()
del parts
freed = resident()
return_freed_memory()
print(full, freed, resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc keeps freed memory")
def test_freed_memory_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", FREE_A_HEAP], capture_output=True, text=True, check=True)
    full, freed, returned = map(int, done.stdout.split())
    assert full - freed < 50
    assert freed - returned > 200


@pytest.mark.training
@pytest.mark.parametrize("every", [1, 10])
def test_it_is_returned_once_after_the_first_record(tmp_path, monkeypatch, every):
    import tb_gradhealth as gradhealth

    steps = []
    monkeypatch.setattr(run_recorder, "return_freed_memory", lambda: steps.append(callback.seen))

    class Counting(gradhealth.KerasCallback):
        seen = 0

        def on_train_batch_end(self, batch, logs=None):
            self.seen = batch
            super().on_train_batch_end(batch, logs)

    callback = Counting(tmp_path, every=every)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).standard_normal((240, 4), np.float32)
    model.fit(x, x[:, :1], 8, epochs=2, verbose=0, callbacks=[callback])
    assert steps == [1]
