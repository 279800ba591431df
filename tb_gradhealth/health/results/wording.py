"""Numbers formatted for sentences."""

import math
from collections.abc import Sequence


def times(factor: float) -> str:
    """A factor: ``2,400``, ``35``, ``4.2``, ``0.03``; beyond a million in powers of ten."""
    if math.isnan(factor):
        return "an unknown number of"
    if math.isinf(factor):
        return "more than 1e38"  # beyond float32, in which everything is measured
    if factor >= 1e6:
        return f"{factor:.0e}".replace("e+0", "e").replace("e+", "e")
    if factor >= 100:
        return f"{float(f'{factor:.2g}'):,.0f}"
    if factor >= 10:
        return f"{factor:.0f}"
    if factor >= 0.1:
        return f"{factor:.1f}".removesuffix(".0")
    return f"{factor:.1g}".replace("e-0", "e-")


def number(value: float) -> str:
    """A measured value with two significant digits: ``0.00041``, ``86``, ``4.1e-7``."""
    if not math.isfinite(value):
        return "not finite"
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return f"{value:.0f}" if abs(value) >= 10 else f"{value + 0.0:.2g}"  # + 0.0: never "-0"


def value_and_limit(value: float, threshold: float, unit: str) -> str:
    """A measured value and its limit, with the unit.

    ``61 % / 20 %``, ``z 14 / 8``, ``86 × / 10 ×``, ``64 / 0 elements``, ``0.00041 / 0.001``; a value that
    is not finite has no unit of its own: ``not finite / 10 ×``, ``not finite / z 8``.
    """
    if unit == "share":
        return f"{percent(value)} / {percent(threshold)}"
    if unit == "z":
        if not math.isfinite(value):
            return f"not finite / z {number(threshold)}"
        return f"z {number(value)} / {number(threshold)}"
    if unit == "times":
        return f"{amount(value, unit)} / {amount(threshold, unit)}"
    if unit in ("elements", "steps", "variables"):
        return f"{whole(value)} / {whole(threshold)} {unit}"
    return f"{number(value)} / {number(threshold)}"


def amount(value: float, unit: str) -> str:
    """A measured value alone with its unit: ``61 %``, ``14``, ``86 ×``, ``1 element``, ``0.00041``."""
    if not math.isfinite(value):
        return "not finite"
    if unit == "share":
        return percent(value)
    if unit == "times":
        return f"{number(value)} ×"
    if unit in ("elements", "steps", "variables"):
        return counted(value, unit.removesuffix("s"))
    return number(value)


def counted(count: float, thing: str) -> str:
    """A count with its noun: ``1 record``, ``12,288 records``, ``0 records``."""
    whole_count = round(count)
    return f"{whole_count:,} {thing}{'' if whole_count == 1 else 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``; ``a, b and 7 more`` beyond the most."""
    shown = [*names[:most], *([f"{len(names) - most:,} more"] if len(names) > most else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1] if shown else "")))


def ordinal(count: int) -> str:
    """``every 2nd``, ``every 4th``, ``every 23rd``."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if count % 100 in (11, 12, 13) else ends.get(count % 10, "th")
    return f"every {count:,}{end}"


def whole(value: float) -> str:
    """A count: ``12,288``."""
    return f"{value:,.0f}" if math.isfinite(value) else "not finite"


def percent(share: float) -> str:
    """A share: ``61 %``, ``0.4 %``, ``0 %``; never ``-0 %``, nor ``100 %`` for what is a little less."""
    if not math.isfinite(share):
        return "not finite"
    hundredths = 100 * share
    if 99.5 <= hundredths < 100:
        return "over 99 %"
    if abs(hundredths) >= 1:
        return f"{hundredths:,.0f} %"
    if 0 < abs(hundredths) < 0.01:
        return "less than 0.01 %" if hundredths > 0 else "0 %"
    return f"{hundredths + 0.0:.1g} %"


def loss_name(tensor: str) -> str:
    """A loss as the subject of a sentence: ``The loss``, or ``The loss d_loss`` for one of several."""
    return "The loss" if tensor == "loss" else f"The loss {tensor}"
