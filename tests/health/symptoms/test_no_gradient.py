"""A gradient that is None is critical at the first record, whatever the loss does."""

from dataclasses import replace

KEY = ("no-gradient", "dense_0/kernel")


def test_it_is_critical_at_once_and_no_loss_excuses_it(training, rows):
    lost = replace(rows.dense(0), not_measured="gradient is None")
    run = training([lost, rows.LOSS]).series(loss=[2.0])
    assert (run.findings()[KEY].severity, run.findings()[KEY].opened_step) == ("critical", 0)
    run.series(loss=[1.9 - index / 20 for index in range(30)])
    assert (run.findings()[KEY].severity, run.findings()[KEY].state) == ("critical", "open")


def test_other_reasons_for_having_no_numbers_are_none_of_its_business(training, rows):
    other = replace(rows.dense(0), not_measured="dtype int32 is not a floating one")
    assert training([other, rows.LOSS]).series(loss=[2.0] * 5).findings() == {}


def test_a_variable_that_gets_a_gradient_later_is_well_again(training, rows):
    run = training([replace(rows.dense(0), not_measured="gradient is None")]).record([{}], 0)
    mended = training([rows.dense(0)])
    for step in range(10, 70, 10):
        mended.record([{"rms": 0.1}], step)
    run.records += mended.records
    assert (run.findings()[KEY].state, run.findings()[KEY].resolved_step) == ("resolved", 50)
