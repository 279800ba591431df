"""The lifecycle of a block of records equals that of one row and one record at a time in plain Python."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_gradhealth.health.judging.finding_states import NEVER, FindingStates
from tb_gradhealth.health.judging.lifecycle import LifecyclePolicy, advance
from tb_gradhealth.health.protocol.symptom import Judgement

COMPARED = ["opened_step", "last_step", "peak_step", "resolved_step", "count", "severity", "level"]
COMPARED += ["minimum_level", "aspect", "worst_value", "tolerated_value", "newest_value"]
OUTCOMES = ["learning", "stalled", "diverging", "undecided", "unknown"]


class Row:
    """The state of one row, by the description in README.md."""

    def __init__(self, policy):
        self.policy = policy
        self.breaches, self.open_bits = [], []
        self.opened_step = self.suspected_step = self.last_step = self.peak_step = self.resolved_step = NEVER
        self.count = self.level = self.minimum_level = self.severity = self.aspect = self.learning_records = 0
        self.worst_value = self.tolerated_value = self.newest_value = math.nan

    @property
    def open(self):
        return self.opened_step != NEVER and self.resolved_step == NEVER

    def see(self, step, value, breach, keeps_open, level, since, minimum_level, aspect, outcome):
        """Whether a finding opened or was resolved."""
        self.newest_value = value
        self.learning_records = self.learning_records + 1 if outcome == "learning" else 0
        if math.isnan(value):
            if self.open and outcome == "learning":
                self.weigh(outcome)
            return False
        was_open = self.open
        self.breaches = [*self.breaches, breach][-5:]
        self.open_bits = [*self.open_bits, breach or keeps_open][-5:]
        if breach and sum(self.breaches) == 1:
            self.suspected_step = since
        opens = breach and not was_open and sum(self.breaches) >= (1 if self.policy.immediate else 3)
        if opens:
            self.opened_step = self.suspected_step if self.opened_step == NEVER else self.opened_step
            self.resolved_step = NEVER
            self.count += sum(self.breaches) - 1
        if breach and self.open:
            self.worsen(step, value, level, since, minimum_level, aspect)
        if self.open and (breach or outcome == "learning"):
            self.weigh(outcome)
        resolves = was_open and not any(self.open_bits)
        if resolves:
            self.resolved_step = step
            if self.policy.info_when_resolved:
                self.severity = self.level = self.policy.minimum_level
        return opens or resolves

    def worsen(self, step, value, level, since, minimum_level, aspect):
        self.count, self.last_step = self.count + 1, step
        self.level = max(self.level, level)
        self.minimum_level = max(self.minimum_level, minimum_level)
        worse = value < self.worst_value if self.policy.below else value > self.worst_value
        if math.isnan(self.worst_value) or worse:
            self.worst_value, self.aspect = value, aspect
            self.peak_step = since if self.policy.immediate else step

    def weigh(self, outcome):
        policy, severity = self.policy, self.level
        lowered = min(self.minimum_level, self.level)
        if policy.weighed_by_loss and outcome == "learning":
            severity = lowered
            if self.learning_records >= 3:
                self.tolerated_value = self.worst_value
        elif policy.weighed_by_loss and policy.info_while_undecided and outcome == "undecided":
            severity = lowered
        elif policy.weighed_by_loss and outcome in ("stalled", "diverging"):
            bound = self.tolerated_value / 1.25 if policy.below else self.tolerated_value * 1.25
            if self.worst_value >= bound if policy.below else self.worst_value <= bound:
                severity = lowered
            elif severity > 0:
                severity += policy.raised_by_loss
        self.severity = min(max(severity, policy.minimum_level), policy.maximum_level)


policies = st.builds(
    LifecyclePolicy,
    immediate=st.booleans(),
    below=st.booleans(),
    weighed_by_loss=st.booleans(),
    raised_by_loss=st.booleans(),
    info_while_undecided=st.booleans(),
    info_when_resolved=st.booleans(),
    minimum_level=st.integers(0, 1),
    maximum_level=st.integers(1, 2),
)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    records=st.integers(1, 60),
    rows=st.integers(1, 5),
    size=st.integers(1, 60),
    breaching=st.sampled_from([0.02, 0.2, 0.6]),
    changing=st.booleans(),
    policy=policies,
)
def test_a_block_of_records_gives_what_single_records_give(
    seed, records, rows, size, breaching, changing, policy
):
    generator, shape = np.random.default_rng(seed), (records, rows)
    judged = Judgement(
        value=np.where(generator.random(shape) < 0.1, np.nan, generator.integers(1, 9, shape)),
        breach=generator.random(shape) < breaching,
        keeps_open=generator.random(shape) < breaching,
        level=generator.integers(0, 3, shape),
        since=generator.integers(0, 100, shape),
        minimum_level=generator.integers(0, 3, shape),
        aspect=generator.integers(0, 3, shape),
    )
    steps = np.arange(records) * 10
    outcomes = [str(generator.choice(OUTCOMES)) for _ in range(records)]
    if not changing:
        outcomes = [outcomes[record // 8] for record in range(records)]
    states, expected, changed = FindingStates.empty(rows), [Row(policy) for _ in range(rows)], []
    for begin in range(0, records, size):
        part = slice(begin, begin + size)
        arrays = {name: array[part] for name, array in vars(judged).items() if array is not None}
        changed += advance(states, Judgement(**arrays), steps[part], outcomes[part], policy).tolist()
    for record in range(records):
        happened = [
            row.see(
                int(steps[record]),
                float(judged.value[record, index]),
                *(bool(mask[record, index]) for mask in (judged.breach, judged.keeps_open)),
                *(
                    int(n[record, index])
                    for n in (judged.level, judged.since, judged.minimum_level, judged.aspect)
                ),
                outcomes[record],
            )
            for index, row in enumerate(expected)
        ]
        assert changed[record] == any(happened)
    for name in COMPARED:
        values = np.array([getattr(row, name) for row in expected])
        np.testing.assert_array_equal(getattr(states, name), values, err_msg=name)
