"""Put lifts and days into the words that verdicts are made of."""

import math
from collections.abc import Sequence

from recommender.engine.experiments.effects import Interval

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

LONGEST_DAYS = 365
"""Days beyond which waiting is no plan."""


def percents(shares: Sequence[float]) -> list[str]:
    """Return shares as percent numbers, all with as many decimals as it takes to tell them from 0 and each other."""
    values = [100 * share for share in shares]
    finite = [value for value in values if math.isfinite(value)]
    for decimals in range(3):
        enough = len(finite) < 2 or max(finite) - min(finite) >= 2 * 10**-decimals
        if enough and all(value == 0 or round(value, decimals) != 0 for value in finite):
            break
    return [f"{round(value, decimals) + 0.0:,.{decimals}f}" if math.isfinite(value) else "" for value in values]


def change(gain: Interval) -> str:
    """Return how much a sure change is: "8 % (3 to 13)"; for a loss the same, without signs."""
    turned = gain.negated() if gain.estimate < 0 else gain
    estimate, low, high = percents([turned.estimate, turned.low, turned.high])
    return f"{estimate} % ({low} to {high})"


def span(gain: Interval) -> str:
    """Return where an unsure change may lie: "-2 % to 9 %"."""
    low, high = percents([gain.low, gain.high])
    if not math.isfinite(gain.low) or gain.low <= -1:
        return f"below {high} %" if math.isfinite(gain.high) else "not known yet"
    if not math.isfinite(gain.high):
        return f"above {low} %"
    return f"{low} % to {high} %"


def share(value: float) -> str:
    """Return a share in percent without needless decimals: "5 %", "2.5 %"."""
    return f"{100 * value:.3g} %"


def more_days(days: float) -> str:
    """Return how many days are missing: "about nine more days"; past a year what to do instead."""
    if not math.isfinite(days):
        return "more users than come now"
    whole = math.ceil(days)
    if whole > LONGEST_DAYS:
        return "more than a year at this rate: give it more users, or look for a larger effect"
    if whole <= 1:
        return "about one more day"
    return f"about {NUMBERS[whole] if whole < len(NUMBERS) else whole} more days"
