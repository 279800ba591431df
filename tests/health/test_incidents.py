"""Findings that began together: the earliest in causal order is the likely origin."""

BAD = {"nan_count": 3, "inf_count": 0, "bad_steps": 1, "bad_ago": 0}
GOOD = {"nan_count": 0, "inf_count": 0, "bad_steps": 0, "rms": 1.0}


def origins(run):
    return {finding.tensor for finding in run.judged().findings() if finding.origin}


def test_a_nan_in_the_forward_pass_starts_at_its_first_layer(training, rows):
    layers = [rows.activation(depth) for depth in range(4)]
    gradients = [rows.dense(depth) for depth in range(4)]
    run = training([*gradients, *layers, rows.LOSS])
    run.record([GOOD] * 9).record([BAD] * 4 + [GOOD, BAD, BAD, BAD] + [BAD])
    assert origins(run) == {"dense_1"}


def test_a_nan_in_the_loss_is_the_losss_own(training, rows):
    run = training([rows.dense(0), rows.dense(1), rows.activation(0), rows.LOSS])
    run.record([GOOD] * 4).record([BAD, BAD, GOOD, BAD])
    assert origins(run) == {"loss"}


def test_a_nan_in_the_backward_pass_starts_nearest_to_the_output(training, rows):
    run = training([rows.dense(depth) for depth in range(4)])
    run.record([GOOD] * 4).record([BAD, BAD, BAD, GOOD])
    assert origins(run) == {"dense_2/kernel"}


def test_an_exactly_known_earlier_step_beats_the_causal_order(training, rows):
    run = training([rows.dense(0), rows.activation(0)])
    run.record([GOOD] * 2).record([{**BAD, "bad_steps": 5, "bad_ago": 4}, BAD])
    assert origins(run) == {"dense_0/kernel"}


def test_what_began_much_later_has_an_origin_of_its_own(training, rows):
    run = training([rows.dense(0), rows.dense(1)])
    run.record([BAD, GOOD], 0).record([GOOD, BAD], 500)
    assert origins(run) == {"dense_0/kernel", "dense_1/kernel"}
