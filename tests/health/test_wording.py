"""Numbers formatted for sentences."""

import pytest

from tb_gradhealth.health.results.wording import percent, value_and_limit


@pytest.mark.parametrize(
    ("value", "threshold", "unit", "said"),
    [
        (86.4, 10, "", "86 / 10"),
        (4.1e-7, 1e-3, "", "4.1e-7 / 0.001"),
        (0.614, 0.2, "share", "61 % / 20 %"),
        (-0.0017, 0.1, "share", "-0.2 % / 10 %"),
        (14.2, 8, "z", "z 14 / 8"),
        (float("inf"), 10, "", "not finite / 10"),
        (float("nan"), 0.2, "share", "not finite / 20 %"),
        (float("inf"), 10, "times", "not finite / 10 ×"),
        (float("-inf"), 8, "z", "not finite / z 8"),
        (float("nan"), 0, "elements", "not finite / 0 elements"),
    ],
)
def test_a_value_stands_beside_its_limit_in_the_unit_of_both(value, threshold, unit, said):
    assert value_and_limit(value, threshold, unit) == said


@pytest.mark.parametrize(("share", "said"), [(1, "100 %"), (0.004, "0.4 %"), (-0.254, "-25 %"), (0, "0 %")])
def test_a_share_is_told_in_percent(share, said):
    assert percent(share) == said
