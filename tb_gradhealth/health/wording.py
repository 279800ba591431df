"""Numbers in sentences, as a person would say them."""

import math


def times(factor: float) -> str:
    """A factor: ``2,400``, ``35``, ``4.2``; beyond a million in powers of ten."""
    if not math.isfinite(factor):
        return "infinitely many"
    if factor >= 1e6:
        return f"{factor:.0e}".replace("e+0", "e").replace("e+", "e")
    if factor >= 100:
        return f"{float(f'{factor:.2g}'):,.0f}"
    return f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}"


def number(value: float) -> str:
    """A measured value with two significant digits: ``0.00041``, ``86``, ``4.1e-7``."""
    if not math.isfinite(value):
        return "not finite"
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def beside_limit(value: float, threshold: float, unit: str) -> str:
    """A measured value beside its limit: ``86 / 10``, ``61 % / 20 %``, ``z 14 / 8``."""
    if unit == "share":
        return f"{percent(value)} / {percent(threshold)}"
    return f"{unit} {number(value)} / {number(threshold)}".lstrip()


def percent(share: float) -> str:
    """A share: ``61 %``, ``0.4 %``."""
    if not math.isfinite(share):
        return "not finite"
    return f"{100 * share:.0f} %" if abs(share) >= 0.01 or share == 0 else f"{100 * share:.1g} %"
