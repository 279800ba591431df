"""A share of few trials, with Wilson's score interval."""

import math
from dataclasses import dataclass
from typing import Final

Z_95: Final = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""


@dataclass(frozen=True)
class Share:
    """``hits`` of ``trials``."""

    hits: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.trials:
            raise ValueError(f"{self.hits} of {self.trials} is no share")

    @property
    def value(self) -> float | None:
        """The share, None without trials."""
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %.

        With p the share, n the trials and z the normal quantile::

            (p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)

        Unlike p ± z sqrt(p (1 - p) / n) it has a width where all or none were hit. Without trials it is
        0 to 1.

        References:
            E. B. Wilson, Probable inference, the law of succession, and statistical inference,
            Journal of the American Statistical Association 22 (1927), 209-212.
        """
        if not self.trials:
            return 0.0, 1.0
        n, p, z2 = self.trials, self.hits / self.trials, Z_95**2
        centre = p + z2 / (2 * n)
        spread = Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        scale = 1 + z2 / n
        # Where all or none were hit, one end is 0 or 1 except for rounding.
        return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)

    def as_json(self) -> dict[str, object]:
        """The share as plain JSON values."""
        return {"hits": self.hits, "trials": self.trials, "share": self.value, "wilson_95": self.interval}
