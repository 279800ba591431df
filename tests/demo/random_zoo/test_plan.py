"""Random plans are reproducible, varied and describable."""

from collections import Counter

import pytest

from tb_gradhealth.demo.random_zoo.plan import FAULTS, OPTIMIZERS, SOURCES, draw, part_of, run_name
from tb_gradhealth.demo.random_zoo.tasks import SOURCES as TASKS
from tb_gradhealth.demo.random_zoo.tasks import task_of

PLANS = [draw(1, index) for index in range(600)]


def test_a_training_is_the_same_whenever_it_is_drawn():
    assert [draw(1, index) for index in (0, 5, 599)] == [PLANS[0], PLANS[5], PLANS[599]]
    assert draw(2, 0) != PLANS[0]


def test_everything_that_may_be_drawn_is():
    assert {plan.architecture for plan in PLANS} == set(SOURCES)
    assert {plan.optimizer for plan in PLANS} == set(OPTIMIZERS)
    assert {plan.source for plan in PLANS} == set(TASKS)
    assert {fault for plan in PLANS for fault in plan.faults} == set(FAULTS)


def test_learning_rates_span_six_decades():
    rates = [plan.rate for plan in PLANS if plan.optimizer == "adam" and "wild_rate" not in plan.faults]
    assert min(rates) < 1e-5
    assert max(rates) > 1


def test_most_trainings_have_no_fault_and_some_have_two():
    counts = Counter(len(plan.faults) for plan in PLANS)
    assert counts[0] > 250
    assert counts[1] > counts[2] > 20


def test_each_is_said_in_one_line():
    lines = [str(plan) for plan in PLANS]
    assert len(set(lines)) == len(lines)
    assert not any("\n" in line for line in lines)
    assert max(map(len, lines)) < 260


def test_a_third_is_for_tuning_whatever_the_draw():
    parts = Counter(map(part_of, range(3000)))
    assert 900 < parts["tuning"] < 1100
    assert parts["tuning"] + parts["held-out"] == 3000


def test_the_name_says_where_it_comes_from():
    assert (PLANS[7].name, run_name(2, 41)) == ("random/seed1/0007", "random/seed2/0041")


@pytest.mark.parametrize("source", sorted(TASKS))
def test_a_source_gives_one_target_for_each_sample(source):
    plan = next(plan for plan in PLANS if plan.source == source)
    task, again = task_of(plan), task_of(plan)
    assert (task.inputs == again.inputs).all()
    assert all(len(head.targets) == len(task.inputs) for head in task.heads)
