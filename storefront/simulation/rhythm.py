"""Spread the traffic over time: busier evenings and weekends, and a shop that grows slowly."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

HOUR, DAY = 3600, 86400
WINDOW_DAYS = 182

BY_HOUR = (4, 2, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 13, 12, 10, 10, 11, 13, 16, 20, 23, 21, 15, 9)
BY_WEEKDAY = (1.0, 0.95, 0.95, 1.0, 1.1, 1.35, 1.45)
"""Relative traffic, by hour of the day in UTC and from Monday to Sunday."""
GROWTH = (0.8, 1.2)
"""Traffic at the start and at the end of the window, relative to its middle."""


class Rhythm:
    """Draw moments by the shop's traffic over the `WINDOW_DAYS` before `until`: a density over hours."""

    def __init__(self, until: datetime) -> None:
        hours = WINDOW_DAYS * 24
        self.until = int(until.timestamp())
        self.start = self.until - hours * HOUR
        first = until - timedelta(days=WINDOW_DAYS)
        moments = first.weekday() * 24 + first.hour + np.arange(hours)
        density = np.take(BY_HOUR, moments % 24) * np.take(BY_WEEKDAY, moments // 24 % 7)
        shares = np.cumsum(density * np.linspace(*GROWTH, hours))
        self._edges = self.start + HOUR * np.arange(hours + 1)
        self._shares = np.concatenate([[0.0], shares / shares[-1]])

    def share_left(self, after: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of the window's traffic that comes after each time (seconds since 1970)."""
        return 1 - np.interp(after, self._edges, self._shares)

    def draw(self, rng: np.random.Generator, after: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw a time for each one given, later than it and before `until`."""
        share = 1 - self.share_left(after) * rng.uniform(0, 1, len(after))
        moments = np.interp(share, self._shares, self._edges)
        return np.minimum(moments.astype(np.int64), self.until - 1)
