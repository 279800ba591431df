"""NaN and infinity: at once, critical, at the exact step."""

GOOD = {"nan_count": 0, "inf_count": 0, "bad_steps": 0}


def test_one_nan_between_two_records_is_found_at_its_step(training, rows):
    run = training([rows.dense(0)])
    run.record([GOOD]).record([{**GOOD, "bad_steps": 1, "bad_ago": 7}])
    finding = run.findings()["non-finite", "dense_0/kernel"]
    assert (finding.severity, finding.opened_step, finding.value, finding.threshold) == ("critical", 3, 1, 0)


def test_elements_are_counted_and_said(training, rows):
    run = training([rows.dense(0)])
    run.record([{"nan_count": 30, "inf_count": 7, "bad_steps": 1, "bad_ago": 0}])
    finding = run.findings()["non-finite", "dense_0/kernel"]
    assert finding.value == 37
    assert (
        finding.message == "The gradient of dense_0/kernel holds 37 NaN or infinite values, first at step 0."
    )


def test_a_learning_loss_does_not_soften_it(training, rows):
    run = training([rows.dense(0), rows.LOSS])
    for record in range(30):
        run.record([GOOD, {"mean": 2.0 - record / 20}])
    run.record([{**GOOD, "nan_count": 1}, {"mean": 0.4}])
    assert run.findings()["non-finite", "dense_0/kernel"].severity == "critical"


def test_it_resolves_when_the_values_are_finite_again(training, rows):
    run = training([rows.dense(0)])
    run.record([{**GOOD, "nan_count": 1}])
    for _ in range(5):
        run.record([GOOD])
    assert run.findings()["non-finite", "dense_0/kernel"].state == "resolved"
