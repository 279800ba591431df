"""The recorder in a custom loop: what it writes, when, and the facts since the last record."""

import gc
import re

import numpy as np
import pytest
import tensorflow as tf

import tb_gradhealth as gradhealth


def run_loop(log_dir, as_step, gradients, every=10, **arguments):
    """Record gradients of one variable ``layer/kernel``, one per step; nothing is trained."""
    variable = tf.Variable(tf.ones([2, 2]), name="layer/kernel")
    with gradhealth.Recorder(log_dir, every=every, **arguments) as recorder:

        def step(gradient):
            recorder.observe([(gradient, variable)], weights=())

        step = as_step(step)
        for number, gradient in enumerate(gradients):
            step(tf.constant(gradient, tf.float32))
            recorder.write(number)
    return recorder


def test_writes_the_first_step_and_each_tenth_after_it(tmp_path, as_step, read_run):
    run_loop(tmp_path, as_step, [np.full([2, 2], n + 1) for n in range(25)])
    run = read_run(tmp_path / "gradhealth")
    assert run.steps == [0, 10, 20]
    assert run.values("gradient", "layer/kernel", "rms") == [1, 11, 21]
    assert run.table_events == 1


def test_close_writes_a_record_for_a_nan_after_the_last_record(tmp_path, read_run):
    gradients = np.ones([17, 2, 2])
    gradients[12] = 99  # trips a record, so that no other step trips before the next collection
    gradients[14] = np.nan
    run_loop(tmp_path, lambda step: step, np.concatenate([np.ones([20, 2, 2]), gradients]))
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 20, 30, 32, 36]
    assert 36 - run.values("gradient", "layer/kernel", "bad_ago")[-1] == 34
    assert np.isnan(run.values("gradient", "layer/kernel", "rms")[-1])


def test_overflowing_squares_are_no_infinity(tmp_path, as_step, read_run):
    run_loop(tmp_path, as_step, [np.full([2, 2], 1e30)] * 11)
    run = read_run(tmp_path)
    assert run.steps == [0, 10]
    assert run.values("gradient", "layer/kernel", "bad_steps") == [0, 0]
    np.testing.assert_allclose(run.values("gradient", "layer/kernel", "peak_rms"), [1e30, 1e30], rtol=1e-6)


def test_close_writes_no_record_without_faults(tmp_path, read_run):
    run_loop(tmp_path, lambda step: step, np.ones([17, 2, 2]))
    assert read_run(tmp_path).steps == [0, 10]


def test_facts_of_an_unread_record_go_into_the_next(tmp_path, as_step, read_run):
    variable = tf.Variable(tf.ones([2]), name="layer/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=3)

    def step(gradient):
        recorder.observe([(gradient, variable)], weights=())

    step = as_step(step)
    for number in range(20):
        step(tf.fill([2], float("nan") if number == 4 else 9.0 if number == 7 else 1.0))
        if number % 10 == 9:
            recorder.write(number)
    recorder.close()
    run = read_run(tmp_path)
    assert run.steps == [4, 9, 18]
    assert run.values("gradient", "layer/kernel", "bad_steps") == [1, 0, 0]
    assert run.values("gradient", "layer/kernel", "bad_ago")[0] == 0
    assert run.values("gradient", "layer/kernel", "peak_rms") == [1, 9, 1]
    assert 9 - run.values("gradient", "layer/kernel", "peak_rms_ago")[1] == 7


@pytest.mark.parametrize("before_the_update", [True, False])
def test_updates_are_the_true_change_of_the_weights(tmp_path, as_step, read_run, before_the_update):
    variable = tf.Variable(tf.fill([3], 10.0), name="layer/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=4)

    def step(change):
        if before_the_update:
            recorder.observe([(change, variable)])
        variable.assign_add(change)
        if not before_the_update:
            recorder.observe([(change, variable)])

    step = as_step(step)
    for number in range(9):
        step(tf.fill([3], number + 1.0))
        recorder.write(number)
    recorder.close()
    updates = read_run(tmp_path).values("update", "layer/kernel", "mean")
    assert np.isnan(updates[0])
    assert updates[1:] == ([4, 8] if before_the_update else [5, 9])


def test_every_one_gives_an_update_in_each_record_but_the_first(tmp_path, read_run):
    variable = tf.Variable([0.0], name="w")
    with gradhealth.Recorder(tmp_path, every=1) as recorder:
        for number in range(4):
            variable.assign_add([number + 1.0])
            recorder.observe([(tf.constant([1.0]), variable)])
            recorder.write(number)
    assert read_run(tmp_path).values("update", "w", "rms")[1:] == [2, 3, 4]


def test_a_changed_set_of_tensors_starts_a_new_table_in_the_same_function(tmp_path, read_run):
    first, second = tf.Variable([1.0], name="first/kernel"), tf.Variable([1.0], name="second/kernel")
    recorder = gradhealth.Recorder(tmp_path, every=2)

    @tf.function
    def step(gradient, frozen):
        variables = [second] if frozen else [first, second]
        recorder.observe([(gradient, variable) for variable in variables])

    for number in range(12):
        step(tf.constant([number + 1.0]), frozen=number < 6)
        recorder.write(number)
    recorder.close()
    run = read_run(tmp_path)
    assert run.steps == [0, 2, 4, 6, 8, 10]
    assert run.table_events == 2
    assert [len(record.table.rows) for record in run.records] == [3, 3, 3, 6, 6, 6]
    assert run.values("gradient", "second/kernel", "rms") == [1, 3, 5, 7, 9, 11]


def record_relu(log_dir, as_step, batches):
    """Record the outputs of a ReLU for some batches, one per step."""
    model = tf.keras.Sequential([tf.keras.Input(batches[0].shape[1:]), tf.keras.layers.ReLU(name="relu")])
    with gradhealth.Recorder(log_dir) as recorder:

        def step(batch):
            with gradhealth.capture(model) as activations:
                model(batch)
            recorder.observe([], activations=activations)

        step = as_step(step)
        for number, batch in enumerate(batches):
            step(tf.constant(batch))
            recorder.write(number)


def test_dead_units_equal_a_recount(tmp_path, as_step, read_run, random):
    batches = random.normal(size=(21, 16, 5, 5, 8)).astype(np.float32)
    batches[..., 2] = -1  # never on
    batches[..., 5] = -1
    batches[7, 3, 4, 4, 5] = 1  # on once, at one position
    batches[11:, ..., 0] = -1  # off in the second window only
    batches = np.maximum(batches, 0)
    record_relu(tmp_path, as_step, batches)
    run = read_run(tmp_path)
    dead = run.values("activation", "relu", "dead_fraction")
    windows = run.values("activation", "relu", "window")
    recount = [
        np.mean((batches[begin:end] == 0).all(axis=(0, 1, 2, 3))) for begin, end in ((0, 11), (11, 21))
    ]
    assert np.isnan(dead[0])
    assert np.isnan(windows[0])
    np.testing.assert_allclose(dead[1:], recount)
    assert dead[1:] == [1 / 8, 3 / 8]
    assert windows[1:] == [11, 10]


def test_dead_unit_is_searched_for_again_in_a_whole_batch(tmp_path, as_step, read_run):
    early = np.zeros([2, 64, 64, 4], np.float32)
    early[:, 0, 0, 2:] = 1  # units 0 and 1 are never on
    late = early.copy()
    late[1, 0, 0, 1] = 1  # on in the second sample, while the first alone is watched
    record_relu(tmp_path, as_step, [early] * 11 + [late] * 80)
    dead = read_run(tmp_path).values("activation", "relu", "dead_fraction")
    assert np.isnan(dead[0])
    assert dead[1:] == [0.5] * 8 + [0.25]


def test_flushes_at_once_when_something_is_not_finite(tmp_path, read_run):
    variable = tf.Variable([1.0], name="w")
    recorder = gradhealth.Recorder(tmp_path, every=1)
    for number, value in enumerate([1.0, float("nan")]):
        recorder.observe([(tf.constant([value]), variable)])
        recorder.write(number)
    assert read_run(tmp_path).steps == [0, 1]
    recorder.close()


def test_unwritable_directory_warns_once_and_the_loop_continues(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="cannot write to .*training goes on") as caught:
        run_loop(tmp_path / "file", lambda step: step, np.ones([25, 2, 2]))
    assert len(caught) == 1


def test_recorder_honours_record_if(tmp_path, read_run):
    with tf.summary.record_if(False):
        run_loop(tmp_path, lambda step: step, np.ones([12, 2, 2]))
    assert read_run(tmp_path).records == []


def test_row_table_has_the_optimizer_settings(tmp_path, read_run):
    optimizer = tf.keras.optimizers.Adam(0.25, epsilon=1e-6, clipnorm=2.0)
    run_loop(tmp_path, lambda step: step, np.ones([1, 2, 2]), every=5, optimizer=optimizer, name="generator")
    table = read_run(tmp_path).records[0].table
    assert table.stream == "generator"
    assert table.settings == {
        "framework": "tensorflow",
        "every": 5,
        "optimizer": "Adam",
        "loss_scale": False,
        "learning_rate": 0.25,
        "epsilon": 1e-6,
        "clipnorm": 2.0,
    }


def test_verdict_scalars_count_the_findings(tmp_path, read_run):
    gradients = np.ones([12, 2, 2])
    gradients[4] = np.nan
    recorder = run_loop(tmp_path, lambda step: step, gradients)
    run = read_run(tmp_path)
    last = {tag: value for tag, _, value in run.scalars}
    severities = [finding.severity for finding in recorder.findings()]
    assert last == {
        "gradhealth/critical": severities.count("critical"),
        "gradhealth/warnings": severities.count("warning"),
    }
    assert last["gradhealth/critical"] >= 1


@pytest.mark.parametrize("faulty", [False, True], ids=["usual", "not finite"])
def test_step_with_a_record_judges_only_new_faults(tmp_path, read_run, faulty):
    recorder = gradhealth.Recorder(tmp_path, every=5)
    variable = tf.Variable([1.0, 2.0])
    written = []
    for step in range(2):
        recorder.observe([(tf.constant([np.nan if faulty else 0.1, 0.1]), variable)], loss=0.5)
        recorder.write(step)
        recorder.flush()
        written.append({(tag, step) for tag, step, _ in read_run(tmp_path).scalars})
    both = {("gradhealth/critical", 0), ("gradhealth/warnings", 0)}
    assert written == ([both, both] if faulty else [set(), both])
    recorder.close()


@pytest.mark.parametrize("every", [0, -1, 2.5, True, "10"])
def test_invalid_cadence_raises(tmp_path, every):
    with pytest.raises(ValueError, match=re.escape(f"every={every!r}")):
        gradhealth.Recorder(tmp_path, every=every)


def test_write_inside_a_function_raises(tmp_path):
    recorder = gradhealth.Recorder(tmp_path)
    with pytest.raises(RuntimeError, match="after the step, outside the function"):
        tf.function(lambda: recorder.write(0))()


def small_step(recorder, variable):
    def step(gradient):
        recorder.observe([(gradient, variable)])

    return step


@pytest.fixture
def variable():
    return tf.Variable(tf.ones([2]), name="layer/kernel")


def test_records_while_functions_run_eagerly(tmp_path, read_run, variable):
    tf.config.run_functions_eagerly(True)
    try:
        with gradhealth.Recorder(tmp_path, every=2) as recorder:
            step = tf.function(small_step(recorder, variable))
            for number in range(4):
                step(tf.fill([2], number + 1.0))
                recorder.write(number)
    finally:
        tf.config.run_functions_eagerly(False)
    run = read_run(tmp_path)
    assert run.steps == [0, 2]
    assert run.values("gradient", "layer/kernel", "rms") == [1, 3]


@pytest.mark.parametrize("run", [lambda step: step, tf.function], ids=["eager", "function"])
def test_tensorflow_debuggers_do_not_check_our_operations(tmp_path, read_run, variable, run):
    tf.debugging.enable_check_numerics()
    try:
        with gradhealth.Recorder(tmp_path, every=2) as recorder:
            step = run(small_step(recorder, variable))
            for number in range(3):
                step(tf.ones([2]))
                recorder.write(number)
            with pytest.raises(tf.errors.InvalidArgumentError, match="NaN"):
                tf.math.log(tf.constant(-1.0))
    finally:
        tf.debugging.disable_check_numerics()
    assert read_run(tmp_path).steps == [0, 2]


def test_one_step_may_run_eagerly_and_compiled_in_any_order(tmp_path, read_run, variable):
    with gradhealth.Recorder(tmp_path, every=1) as recorder:
        step = small_step(recorder, variable)
        for number, as_run in enumerate((step, tf.function(step, jit_compile=True), tf.function(step), step)):
            as_run(tf.fill([2], number + 1.0))
            recorder.write(number)
    assert read_run(tmp_path).values("gradient", "layer/kernel", "rms") == [1, 2, 3, 4]


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "xla"])
def test_flight_recorder_grows_after_a_call_of_more_steps_than_it_holds(
    tmp_path, read_run, variable, compiled
):
    gradients = np.tile(np.linspace(1, 2, 300, dtype=np.float32)[:, None, None], [1, 3, 2])
    gradients[[200, 203], 1] = np.nan  # the host collects too late for the record of step 500
    with gradhealth.Recorder(tmp_path, every=10) as recorder:
        step = small_step(recorder, variable)

        @tf.function(jit_compile=compiled)
        def steps(gradients):
            for gradient in gradients:
                step(gradient)

        for call in range(3):
            steps(tf.constant(gradients[:, call]))
            recorder.write(300 * call + 299)
    run = read_run(tmp_path)
    assert run.steps == [290, 503, 590, 890]
    assert run.values("gradient", "layer/kernel", "bad_steps") == [0, 2, 0, 0]
    # The largest since step 590 is the second call's last; after the third call it is still in the buffer.
    assert run.values("gradient", "layer/kernel", "peak_rms_ago")[-1] == 890 - 599


def test_rebuilt_layer_of_another_shape_is_another_tensor(tmp_path, read_run):
    with gradhealth.Recorder(tmp_path, every=1) as recorder:
        for number, inputs in enumerate((4, 5)):
            variable = tf.Variable(tf.ones([inputs, 3]), name="layer/kernel")
            recorder.observe([(tf.fill([inputs, 3], float(number + 1)), variable)])
            recorder.write(number)
    run = read_run(tmp_path)
    assert run.values("gradient", "layer/kernel", "rms") == [1, 2]
    assert [record.table.rows[0].shape for record in run.records] == [(4, 3), (5, 3)]


def test_activation_of_another_length_is_the_same_tensor_and_of_another_rank_another(tmp_path, read_run):
    with gradhealth.Recorder(tmp_path, every=10) as recorder:
        for number in range(12):
            scores = tf.fill([2, number + 3, number + 3], number + 1.0)
            recorder.observe([], activations={"scores": scores})
            recorder.write(number)
        recorder.observe([], activations={"scores": tf.ones([2, 3])})
        recorder.write(12)
    run = read_run(tmp_path)
    assert run.steps == [0, 10, 12]
    assert run.values("activation", "scores", "rms") == [1, 11, 1]
    assert run.table_events == 2


def test_gradients_accumulated_in_variables_are_measured(tmp_path, read_run, variable):
    with gradhealth.Recorder(tmp_path) as recorder:
        recorder.observe([(tf.Variable([3.0, 4.0]), variable)])
        recorder.write(0)
    assert read_run(tmp_path).values("gradient", "layer/kernel", "maximum") == [4]


def test_empty_tensor_is_no_fault(tmp_path, read_run, as_step):
    table = tf.Variable(tf.ones([5, 2]), name="embedding/embeddings")
    with gradhealth.Recorder(tmp_path, every=3) as recorder:

        @as_step
        def step(outputs, values, indices):
            slices = tf.IndexedSlices(values, indices, tf.constant([5, 2]))
            recorder.observe([(slices, table)], activations={"expert": outputs})

        for number, tokens in enumerate((4, 0, 4, 0, 4, 4, 4)):
            step(tf.fill([tokens, 3], 2.0), tf.fill([tokens, 2], 3.0), tf.range(tokens))
            recorder.write(number)
    run = read_run(tmp_path)
    assert run.steps == [0, 3, 6]
    for kind, tensor, value in (("activation", "expert", 2), ("gradient", "embedding/embeddings", 3)):
        assert run.values(kind, tensor, "bad_steps") == [0, 0, 0]
        np.testing.assert_array_equal(run.values(kind, tensor, "rms"), [value, np.nan, value])


def test_alternating_sets_of_tensors_have_the_numbers_of_their_steps(tmp_path, read_run):
    first, second = (tf.Variable(tf.ones([2]), name=f"{name}/kernel") for name in "ab")
    with gradhealth.Recorder(tmp_path, every=2) as recorder:
        for number in range(12):
            variable = second if number % 3 == 2 else first
            recorder.observe([(tf.fill([2], number + 1.0), variable)])
            recorder.write(number)
    run = read_run(tmp_path)
    records = [(r.step, r.table.rows[0].tensor, float(r.values[0, 0])) for r in run.records]
    steps = {name: [step for step, tensor, _ in records if tensor == f"{name}/kernel"] for name in "ab"}
    assert steps == {"a": [0, 3, 6, 9], "b": [2, 8]}
    rms = run.records[0].table.columns.index("rms")
    assert all(record.values[0, rms] == record.step + 1 for record in run.records)


def test_garbage_collected_recorder_writes_its_flight_recorder(tmp_path, read_run, variable):
    def train():
        recorder = gradhealth.Recorder(tmp_path)
        for number in range(5):
            recorder.observe([(tf.fill([2], np.nan if number == 4 else 1.0), variable)])
            recorder.write(number)

    train()
    gc.collect()
    run = read_run(tmp_path)
    assert run.steps == [0, 4]
    assert np.isnan(run.steps_written[-1].values[-1, 0])


def test_repeated_spikes_stay_within_the_size_budget(tmp_path, variable):
    sizes = {}
    with gradhealth.Recorder(tmp_path, budget=0.02) as recorder:
        for number in range(1600):
            recorder.observe([(tf.fill([2], 1000.0 if number % 20 == 15 else 1.0), variable)])
            recorder.write(number)
            sizes[number] = sum(file.stat().st_size for file in tmp_path.rglob("*tfevents*"))
    assert sizes[1599] < 1.5 * 0.02 * 2**20


@pytest.mark.parametrize(
    ("setting", "written"),
    [(np.float32(0.5), 0.5), (np.int64(3), 3), (np.array([2.0]), 2.0), (np.bool_(True), True)],
)
def test_settings_may_be_numpy_values(tmp_path, read_run, variable, setting, written):
    with gradhealth.Recorder(tmp_path, settings={"mine": setting}) as recorder:
        recorder.observe([(tf.ones([2]), variable)])
        recorder.write(0)
    assert read_run(tmp_path).records[0].table.settings["mine"] == written


def test_invalid_settings_raise(tmp_path):
    with pytest.raises(TypeError, match="mine is a list: write a text, a number"):
        gradhealth.Recorder(tmp_path, settings={"mine": [1]})


def test_two_gradients_and_two_variables_that_are_not_zipped_raise(tmp_path, variable):
    gradients, variables = [tf.ones([2])] * 2, [variable, tf.Variable([1.0, 2.0])]
    with gradhealth.Recorder(tmp_path) as recorder, pytest.raises(ValueError, match=r"write zip\(grads"):
        recorder.observe((gradients, variables))


def test_loss_alone_raises(tmp_path):
    with (
        gradhealth.Recorder(tmp_path) as recorder,
        pytest.raises(ValueError, match="model has variables only"),
    ):
        recorder.observe([], loss=tf.constant(1.0))


def test_capture_of_no_keras_layer_raises():
    with (
        pytest.raises(TypeError, match="a Keras model or layer, not a Module"),
        gradhealth.capture(tf.Module()),
    ):
        pass


def test_step_that_first_ran_eagerly_has_the_given_step_numbers_when_traced(tmp_path, read_run, variable):
    with gradhealth.Recorder(tmp_path, every=2) as recorder:
        step = small_step(recorder, variable)
        for number, as_run in [(0, step), *((number, tf.function(step)) for number in (100, 101, 102, 103))]:
            as_run(tf.fill([2], number + 1.0))
            recorder.write(number)
    run = read_run(tmp_path)
    assert run.steps == [0, 101, 103]
    assert run.values("gradient", "layer/kernel", "rms") == [1, 102, 104]
