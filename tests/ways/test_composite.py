"""A softmax over a fully masked row inside a composite layer: the finding names that layer."""

import keras
import numpy as np
from by_hand import cross_entropy
from networks import Attention
from recorded import Recorded

import tb_gradhealth as gradhealth

layers = keras.layers


def test_origin_is_the_composite_layer(log_dir):
    keras.utils.set_random_seed(3)
    words = keras.Input((6,), dtype="int32")
    h = Attention(name="att")(layers.Embedding(20, 4, name="embedding")(words), words=words)
    h = layers.Dense(5, "relu", name="ff")(h)
    model = keras.Model(words, layers.Dense(3, name="out")(layers.GlobalAveragePooling1D(name="mean")(h)))
    model.compile("sgd", cross_entropy, jit_compile=False)
    x = np.random.default_rng(0).integers(1, 20, (96, 6))
    x[8 * 7 + 3] = 0  # in the eighth batch
    callback = gradhealth.KerasCallback(log_dir, every=10)
    model.fit(x, x[:, 0] % 3, 8, shuffle=False, verbose=0, callbacks=[callback])
    run = Recorded(log_dir)
    bad = {name: run.column("activation", name, "nan_count")[7] > 0 for name in run.tensors("activation")}
    assert [name for name, nan in bad.items() if nan] == ["att", "ff", "mean", "out"]
    assert run.row("activation", "att").inputs == ("input", "att/q", "att/k", "att/v")
    assert run.row("activation", "att").between == "operations that are no layer"
    assert run.row("activation", "ff").inputs == ("att",)
    assert run.column("input", "input", "nan_count")[7] == 0
    depths = [
        run.row("activation", name).depth for name in ("embedding", "att/q", "att", "ff", "mean", "out")
    ]
    assert depths == sorted(set(depths))
