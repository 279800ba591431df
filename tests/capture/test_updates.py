"""Updates: of all elements, of a sample of large tensors, or not measured."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth

SIZES = {"large": (1 << 20) + 640, "middle": 1 << 18, "small": 100}
SAMPLED = 1 << 16


def trained(log_dir, read_run, random, **options):
    """Record two steps of three weights; return the changes of the second step by name, and the run."""
    variables = {
        name: tf.Variable(random.normal(size=size), dtype=tf.float32) for name, size in SIZES.items()
    }
    changes = {name: random.normal(size=size).astype(np.float32) for name, size in SIZES.items()}
    pairs = [(tf.ones_like(variable), variable) for variable in variables.values()]
    with gradhealth.Recorder(log_dir, every=1, **options) as recorder:
        for step in range(2):
            if step:
                for name, variable in variables.items():
                    variable.assign_add(changes[name])
            recorder.observe(pairs)
            recorder.write(step)
    return changes, read_run(log_dir)


def updates(run):
    return {
        row.shape[0]: (row, index)
        for index, row in enumerate(run.records[-1].table.rows)
        if row.kind == "update"
    }


def rms(run, size):
    record = run.records[-1]
    return record.values[updates(run)[size][1], record.table.columns.index("rms")]


@pytest.mark.parametrize(
    ("choice", "sampled"),
    [("exact", set()), (None, {"large"}), ("sampled", {"large", "middle"})],
)
def test_large_updates_are_sampled_and_the_row_has_the_size(tmp_path, read_run, random, choice, sampled):
    changes, run = trained(tmp_path, read_run, random, updates=choice)
    for name, size in SIZES.items():
        row, _ = updates(run)[size]
        assert (row.sampled, row.not_measured) == (SAMPLED if name in sampled else 0, "")
        truth = np.sqrt(np.mean(changes[name].astype(np.float64) ** 2))
        # Four standard errors of an RMS among 65,536 normally distributed numbers; a difference loses digits.
        bound = 4 / np.sqrt(2 * SAMPLED) if name in sampled else 1e-5
        assert rms(run, size) == pytest.approx(truth, rel=bound)
        assert (rms(run, size) != pytest.approx(truth, rel=1e-9)) or name not in sampled


def test_sample_contains_all_parts_of_a_tensor(tmp_path, read_run):
    variable = tf.Variable(tf.zeros([1024, 2048]))
    change = np.zeros([1024, 2048], np.float32)
    change[:, 1::2] = 1  # every other channel
    change[512:] *= 3  # and three times as much in one half
    with gradhealth.Recorder(tmp_path, every=1) as recorder:
        for step in range(2):
            if step:
                variable.assign_add(change)
            recorder.observe([(tf.ones_like(variable), variable)])
            recorder.write(step)
    run = read_run(tmp_path)
    assert rms(run, 1024) == pytest.approx(np.sqrt(np.mean(change**2)), rel=0.02)


def test_updates_none_measures_no_updates(tmp_path, read_run, random):
    _, run = trained(tmp_path, read_run, random, updates="none")
    for row, index in updates(run).values():
        assert row.not_measured == 'not asked for: updates="none"'
        assert np.isnan(run.records[-1].values[index]).all()


@pytest.mark.parametrize("make", [gradhealth.Recorder, gradhealth.KerasCallback])
def test_invalid_choice_raises(tmp_path, make):
    with pytest.raises(ValueError, match='updates=\'some\': write "exact", "sampled" or "none"'):
        make(tmp_path, updates="some")


def test_callback_accepts_the_choice(tmp_path, read_run):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    callback = gradhealth.KerasCallback(tmp_path, updates="none")
    model.fit(np.ones([8, 4]), np.ones([8, 2]), verbose=0, callbacks=[callback])
    assert all(row.not_measured for row, _ in updates(read_run(tmp_path)).values())
