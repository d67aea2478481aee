"""What the members say about one number: P10, median, P90, and how many know it at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.report.text import NOT_HEARD, Both, duration, number

Array = np.ndarray
DIGITS = 3  # more digits of a simulated range would claim more than the model knows


@dataclass(frozen=True)
class Spread:
    """P10, median and P90 over the members that have a value; NaN where none has."""

    low: float
    middle: float
    high: float
    n_known: int
    n_member: int

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Spread of the members' values, shape (member,); quantiles are values of members, so counts stay counts."""
        known = np.sort(values[np.isfinite(values)])
        if not known.size:
            return cls(np.nan, np.nan, np.nan, 0, len(values))
        low, middle, high = known[np.rint(np.array((0.1, 0.5, 0.9)) * (known.size - 1)).astype(int)]
        return cls(float(low), float(middle), float(high), int(known.size), len(values))

    @property
    def known(self) -> bool:
        """Whether any member has a value."""
        return self.n_known > 0

    def text(self, unknown: Both = NOT_HEARD, seconds: bool = False, digits: int | None = DIGITS) -> Both:
        """`1,100–1,300`, one number where the range is a point, or the word for what is not known."""
        if not self.known:
            return unknown

        def told(value: float) -> Both:
            if seconds:
                return duration(value)
            return Both(number(value, digits), number(value, digits))

        low, high = told(self.low), told(self.high)
        words = low if low == high else Both(f"{low.ja}–{high.ja}", f"{low.en}–{high.en}")
        if self.n_known < self.n_member:
            words += Both(
                f"（{self.n_known}/{self.n_member}試行で受信）", f" (heard in {self.n_known}/{self.n_member} draws)"
            )
        return words
