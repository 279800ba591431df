"""The lifecycle over many records at once, held against one row and one record at a time in plain Python."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.health.judging.finding_states import NEVER, Course
from tb_gradhealth.health.judging.lifecycle import Habits, advance
from tb_gradhealth.health.protocol.symptom import Judgement

COMPARED = ["opened", "last", "peak", "resolved", "count", "severity", "level", "least", "aspect"]
COMPARED += ["extreme", "excused", "value"]
OUTCOMES = ["learning", "stalled", "diverging", "undecided", "unknown"]


class Row:
    """One row's course, as README.md tells it."""

    def __init__(self, habits):
        self.habits = habits
        self.memory, self.held = [], []
        self.opened = self.suspected = self.last = self.peak = self.resolved = NEVER
        self.count = self.level = self.least = self.severity = self.aspect = self.learned = 0
        self.extreme = self.excused = self.value = math.nan

    @property
    def open(self):
        return self.opened != NEVER and self.resolved == NEVER

    def see(self, step, value, breach, held, level, since, least, aspect, outcome):
        """Whether a finding opened or was resolved."""
        self.value = value
        self.learned = self.learned + 1 if outcome == "learning" else 0
        if math.isnan(value):
            if self.open and outcome == "learning":
                self.weigh(outcome)
            return False
        was_open = self.open
        self.memory = [*self.memory, breach][-5:]
        self.held = [*self.held, breach or held][-5:]
        if breach and sum(self.memory) == 1:
            self.suspected = since
        opens = breach and not was_open and sum(self.memory) >= (1 if self.habits.immediate else 3)
        if opens:
            self.opened = self.suspected if self.opened == NEVER else self.opened
            self.resolved = NEVER
            self.count += sum(self.memory) - 1
        if breach and self.open:
            self.worsen(step, value, level, since, least, aspect)
        if self.open and (breach or outcome == "learning"):
            self.weigh(outcome)
        over = was_open and not any(self.held)
        if over:
            self.resolved = step
            if self.habits.forgiven:
                self.severity = self.level = self.habits.least
        return opens or over

    def worsen(self, step, value, level, since, least, aspect):
        self.count, self.last = self.count + 1, step
        self.level, self.least = max(self.level, level), max(self.least, least)
        worse = value < self.extreme if self.habits.below else value > self.extreme
        if math.isnan(self.extreme) or worse:
            self.extreme, self.aspect = value, aspect
            self.peak = since if self.habits.immediate else step

    def weigh(self, outcome):
        habits, severity = self.habits, self.level
        lowered = min(self.least, self.level)
        if habits.weighed and outcome == "learning":
            severity = lowered
            if self.learned >= 3:
                self.excused = self.extreme
        elif habits.weighed and habits.patient and outcome == "undecided":
            severity = lowered
        elif habits.weighed and outcome in ("stalled", "diverging"):
            if self.extreme >= self.excused / 1.25 if habits.below else self.extreme <= self.excused * 1.25:
                severity = lowered
            elif severity > 0:
                severity += habits.raised
        self.severity = min(max(severity, habits.least), habits.most)


kinds = st.builds(
    Habits,
    immediate=st.booleans(),
    below=st.booleans(),
    weighed=st.booleans(),
    raised=st.booleans(),
    patient=st.booleans(),
    forgiven=st.booleans(),
    least=st.integers(0, 1),
    most=st.integers(1, 2),
)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    records=st.integers(1, 60),
    rows=st.integers(1, 5),
    most=st.integers(1, 60),
    ill=st.sampled_from([0.02, 0.2, 0.6]),
    fickle=st.booleans(),
    habits=kinds,
)
def test_many_records_at_once_are_what_they_are_one_by_one(seed, records, rows, most, ill, fickle, habits):
    generator, shape = np.random.default_rng(seed), (records, rows)
    judged = Judgement(
        value=np.where(generator.random(shape) < 0.1, np.nan, generator.integers(1, 9, shape)),
        breach=generator.random(shape) < ill,
        held=generator.random(shape) < ill,
        level=generator.integers(0, 3, shape),
        since=generator.integers(0, 100, shape),
        least=generator.integers(0, 3, shape),
        aspect=generator.integers(0, 3, shape),
    )
    steps = np.arange(records) * 10
    outcomes = [str(generator.choice(OUTCOMES)) for _ in range(records)]
    if not fickle:
        outcomes = [outcomes[record // 8] for record in range(records)]
    course, expected, changed = Course.of(rows), [Row(habits) for _ in range(rows)], []
    for begin in range(0, records, most):
        part = slice(begin, begin + most)
        arrays = {name: array[part] for name, array in vars(judged).items() if array is not None}
        changed += advance(course, Judgement(**arrays), steps[part], outcomes[part], habits).tolist()
    for record in range(records):
        happened = [
            row.see(
                int(steps[record]),
                float(judged.value[record, place]),
                *(bool(mask[record, place]) for mask in (judged.breach, judged.held)),
                *(int(n[record, place]) for n in (judged.level, judged.since, judged.least, judged.aspect)),
                outcomes[record],
            )
            for place, row in enumerate(expected)
        ]
        assert changed[record] == any(happened)
    for name in COMPARED:
        wanted = np.array([getattr(row, name) for row in expected])
        np.testing.assert_array_equal(getattr(course, name), wanted, err_msg=name)
