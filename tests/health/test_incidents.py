"""Of findings that began together, the earliest in causal order is the likely origin."""

import numpy as np

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


def test_a_nan_that_floods_two_hundred_tensors_is_one_incident_with_one_origin(training, rows):
    gradients = [rows.dense(depth) for depth in range(100)]
    layers = [rows.activation(depth) for depth in range(100)]
    run = training([*gradients, *layers, rows.LOSS])
    run.record([GOOD] * 201).record([BAD] * 100 + [GOOD] * 7 + [BAD] * 93 + [BAD])
    findings = run.judged().findings()
    assert len(findings) == 194
    assert len({finding.incident for finding in findings}) == 1
    assert [finding.tensor for finding in findings if finding.origin] == ["dense_7"]
    assert findings[0].origin


def test_a_weaker_finding_of_another_family_does_not_head_what_it_cannot_cause(training, rows):
    run = training([rows.activation(0), rows.dense(1)])
    for record in range(6):
        nan = {**BAD, "bad_ago": 0} if record >= 1 else GOOD
        run.record([{"dormant_fraction": 0.4}, nan])
    first, second = run.judged().findings()
    assert (first.symptom, first.origin, first.opened_step) == ("non-finite", True, 10)
    assert (second.symptom, second.origin, second.opened_step) == ("dormant-units", False, 0)
    assert first.incident == second.incident


def test_a_warning_that_is_known_to_end_in_nan_heads_it(training, rows):
    run = training([rows.dense(0)])
    for rms in [1.0] * 9 + [20.0, 60.0]:
        run.record([{**GOOD, "rms": rms, "peak_rms": rms}])
    run.record([{**BAD, "rms": np.nan, "peak_rms": 1e3, "bad_ago": 10, "bad_steps": 10}])
    first, *others = run.judged().findings()
    (second,) = [finding for finding in others if finding.symptom == "non-finite"]
    assert (first.symptom, first.severity, first.origin) == ("exploding-gradient", "warning", True)
    assert (second.symptom, second.severity, second.origin) == ("non-finite", "critical", False)


def test_incidents_keep_their_name_while_findings_join(training, rows):
    run = training([rows.dense(0), rows.dense(1)])
    run.record([BAD, GOOD])
    (alone,) = run.judged().findings()
    run.record([BAD, BAD])
    assert {finding.incident for finding in run.judged().findings()} == {alone.incident}


def test_what_an_ill_layer_leads_to_later_joins_its_incident(training, rows):
    """Dead layers follow from vanishing gradients in the same layers; another dead layer does not."""
    gradients = [rows.dense(depth) for depth in range(6)]
    run = training([*gradients, rows.dense(9), rows.LOSS])
    for record in range(40):
        fading = [10.0 ** (2 * depth - 12) if record < 20 or depth else 0.0 for depth in range(6)]
        last = 1.0 if record < 30 else 0.0
        run.record([{"rms": rms, "peak_rms": rms} for rms in [*fading, last]] + [{"mean": 2.3}])
    found = run.findings()
    vanished = found["vanishing-gradient", "dense_0/kernel"]
    assert found["dead-layer", "dense_0/kernel"].incident == vanished.incident
    assert found["dead-layer", "dense_0/kernel"].opened_step > vanished.opened_step + 100
    assert found["dead-layer", "dense_9/kernel"].incident != vanished.incident


def test_what_is_told_at_once_heads_the_consequence_that_reaches_back_to_the_start(training, rows):
    """Both are critical. The layer is dead from step 0 on, the units from the second record on."""
    run = training([rows.activation(0), rows.dense(1, kind="gradient")])
    for _ in range(8):
        run.record([{**GOOD, "dead_fraction": 1.0, "window": 10}, {**GOOD, "rms": 0.0, "peak_rms": 0.0}])
    found = {finding.symptom: finding for finding in run.judged().findings()}
    assert found["dead-layer"].opened_step <= found["dead-units"].opened_step
    assert found["dead-units"].incident == found["dead-layer"].incident
    assert [symptom for symptom, finding in found.items() if finding.origin] == ["dead-units"]
