"""What a training notices of the recording: nothing but its time."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import jax_training as training
import numpy as np
import optax
import pytest
from flax import linen as nn
from recorded import Recorded

import tb_gradhealth.jax as gradhealth
from tb_gradhealth.capture.jax.observer import Observer


class Convolutional(nn.Module):
    """A small network with normalization and dropout."""

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.LayerNorm()(nn.Conv(4, (3, 3))(x)))
        x = nn.Dropout(0.2, deterministic=False)(x.reshape(x.shape[0], -1))
        return nn.Dense(3)(x)


NETWORK = Convolutional()
OPTIMIZER = optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(1e-2))


def conv_loss(params, batch):
    x, y, key = batch
    out, collected = NETWORK.apply(
        {"params": params}, x, rngs={"dropout": key}, capture_intermediates=True, mutable=["intermediates"]
    )
    return optax.softmax_cross_entropy_with_integer_labels(out, y).mean(), collected["intermediates"]


def images(steps):
    random = np.random.default_rng(5)
    return [
        (
            random.normal(size=[8, 8, 8, 1]).astype(np.float32),
            random.integers(0, 3, 8).astype(np.int32),
            jax.random.key(step),
        )
        for step in range(steps)
    ]


def test_the_results_are_the_same_to_the_last_bit(log_dir):
    parts = images(25)
    keys = {"params": jax.random.key(1), "dropout": jax.random.key(2)}
    params = NETWORK.init(keys, parts[0][0])["params"]
    ours, _ = training.train(
        log_dir, parts, params=params, function=conv_loss, optimizer=OPTIMIZER, every=5, compiled=jax.jit
    )
    step = jax.jit(training.step_of(None, OPTIMIZER, conv_loss))
    plain, opt_state = params, OPTIMIZER.init(params)
    for batch in parts:
        plain, opt_state, _ = step(plain, opt_state, None, batch)
    for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(ours), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    assert len(Recorded(log_dir).records) == 5


def test_the_host_reads_the_device_only_where_there_is_a_record(log_dir, monkeypatch):
    read, original = [], Observer._read
    monkeypatch.setattr(Observer, "_read", lambda self, array: read.append(1) or original(self, array))
    parts, reads = training.batches(21), {}
    params, optimizer = training.network(), optax.sgd(1e-3)
    watch = gradhealth.Watch.of(training.loss_fn, params, parts[0], every=5)
    step = jax.jit(training.step_of(watch, optimizer))
    carry = params, optimizer.init(params), watch.init()
    with gradhealth.Recorder(log_dir, watch) as recorder:
        for number, batch in enumerate(parts):
            *rest, state = step(*carry, batch)
            read.clear()
            carry = *rest, recorder.write(state, number)
            reads[number] = len(read)
            assert reads[number] or carry[-1] is state
    assert [number for number, count in reads.items() if count] == [0, 5, 10, 15, 20]
    assert Recorded(log_dir).steps == [0, 5, 10, 15, 20]


SCRIPT = """
import sys
{before}
import numpy as np
import jax, jax.numpy as jnp
import tb_gradhealth
assert "jax" not in {loaded}, "import tb_gradhealth loads JAX"
import tb_gradhealth.jax as gradhealth
params = {{"layer": {{"kernel": jnp.ones([2, 2])}}}}
watch = gradhealth.Watch(params, every=1)
state = watch.observe(watch.init(), grads=params, params=params, loss=1.0)
with gradhealth.Recorder(sys.argv[1], watch, stop_on="critical") as recorder:
    recorder.write(state, 0)
    recorder.findings()
loaded = {{name.partition(".")[0] for name in sys.modules}}
print(sorted(loaded & {{"tensorflow", "torch", "keras", "flax", "optax", "equinox"}}))
"""


def python(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


def test_no_other_framework_is_imported(tmp_path):
    code = SCRIPT.format(before="", loaded="()")
    done = python(code, str(tmp_path / "run"))
    assert done.stdout == "[]\n", done.stdout + done.stderr
    assert Recorded(tmp_path / "run").steps == [0]


def test_the_package_loads_no_jax():
    done = python("import sys, tb_gradhealth, tb_gradhealth.cli; print('jax' in sys.modules)")
    assert done.stdout == "False\n", done.stderr


def test_a_missing_jax_gives_the_command_that_installs_it():
    done = python("import sys; sys.modules['jax'] = None; import tb_gradhealth.jax")
    assert "needs JAX: pip install 'tb_gradhealth[jax]'" in done.stderr


def test_a_loop_without_close_is_complete(tmp_path):
    code = """
import sys, jax.numpy as jnp, tb_gradhealth.jax as gradhealth
params = {"layer": {"kernel": jnp.ones([2, 2])}}
watch = gradhealth.Watch(params)
state, recorder = watch.init(), gradhealth.Recorder(sys.argv[1], watch)
for step in range(15):
    state = watch.observe(state, grads=params, params=params, loss=float(step))
    state = recorder.write(state, step)
"""
    done = python(code, str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    recorded = Recorded(tmp_path / "run")
    assert recorded.steps == [0, 10]
    assert list(recorded.flight("loss", "loss").values()) == list(range(15))


def test_wrong_arguments(tmp_path):
    params = training.network()
    with pytest.raises(ValueError, match="every=0"):
        gradhealth.Watch(params, every=0)
    with pytest.raises(ValueError, match="updates='all'"):
        gradhealth.Watch(params, updates="all")
    with pytest.raises(ValueError, match="nothing to watch"):
        gradhealth.Watch({"steps": 3})
    with pytest.raises(ValueError, match="'first' has 'gelo'; known are"):
        gradhealth.Watch(params, functions={"first": "gelo"})
    with pytest.raises(ValueError, match="steps_per_call=0"):
        gradhealth.Watch(params, steps_per_call=0)
    watch = gradhealth.Watch(params)
    state = watch.init()
    with pytest.raises(TypeError, match=r"state is a dict: write the result of Watch.init"):
        watch.observe(params, grads=params, params=params)
    with pytest.raises(ValueError, match=r"does not describe; write Watch\(params, activations=...\)"):
        watch.observe(state, grads=params, params=params, activations={"first": jnp.ones([2, 2])})
    with pytest.raises(ValueError, match=r"'g_loss', which the Watch does not describe"):
        watch.observe(state, grads=params, params=params, loss={"g_loss": 1.0})
    with pytest.raises(ValueError, match=r"loss has 'loss' of shape \(3,\); the Watch describes \(\)"):
        watch.observe(state, grads=params, params=params, loss=jnp.ones([3]))
    with pytest.raises(ValueError, match="not both"):
        watch.observe(state, grads=params, params=params, previous=params, updates=params)
    with pytest.raises(TypeError, match=r"write a tb_gradhealth\.jax\.Watch"):
        gradhealth.Recorder(tmp_path, params)
    with pytest.raises(ValueError, match="stop_on"):
        gradhealth.Recorder(tmp_path, watch, stop_on="info")
    recorder = gradhealth.Recorder(tmp_path, watch)
    with pytest.raises(TypeError, match=r"write the result of Watch\.observe"):
        recorder.write(params, 0)
    with pytest.raises(TypeError, match=r"cannot run inside jax.jit"):
        jax.jit(lambda state: recorder.write(state, 0))(state)
    recorder.close()
    assert not list(tmp_path.rglob("*tfevents*"))


def test_a_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.warns(RuntimeWarning, match="stops recording; training goes on"):
        training.train(tmp_path / "run", training.batches(2))
