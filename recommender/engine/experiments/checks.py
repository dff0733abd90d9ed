"""Check what must hold before a result may be read, and what must not get worse meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scipy.stats import chisquare

from recommender.engine.experiments.effects import Interval

MISMATCH = 0.001
"""The p-value below which the split of the users is no accident."""

FEWEST_EXPECTED = 5
"""Users that each variant should have before the chi-squared distribution fits."""


@dataclass(frozen=True)
class SampleRatio:
    """Say if the users came to the variants in the planned shares."""

    p_value: float
    users: Mapping[str, int]
    expected: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Return False where something loses users of one variant, so that no difference means anything."""
        return self.p_value >= MISMATCH

    @property
    def sentence(self) -> str:
        """Return the result in words, and what to do."""
        if self.passed:
            return "The users are split as planned."
        found = ", ".join(
            f"{name} has {n:,} where {self.expected[name]:,.0f} were due" for name, n in self.users.items()
        )
        return (
            f"Don't read this result: the users are not split as planned ({found}; p = {self.p_value:.1g}). "
            "Look for what loses users of one variant, or counts some twice, and start again."
        )


def sample_ratio(users: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio:
    """Compare how many users each variant has with the planned shares: Pearson's chi-squared test.

    Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", 2019. The p-value holds for
    one look; at 0.001 daily looks for a month stop about one sound experiment in a hundred. With too few
    users to tell it is 1. `shares` are those of the variants, in any unit, unchanged since the first user.
    """
    if set(users) != set(shares) or not shares or min(shares.values()) <= 0:
        raise ValueError("Each variant needs its number of users and a share above 0.")
    n, whole = sum(users.values()), sum(shares.values())
    expected = {name: n * shares[name] / whole for name in users}
    if len(users) < 2 or min(expected.values()) < FEWEST_EXPECTED:
        return SampleRatio(1.0, users, expected)
    return SampleRatio(float(chisquare(list(users.values()), list(expected.values())).pvalue), users, expected)


class GuardrailState(StrEnum):
    """Name what is known of a metric that must not get worse by more than its margin."""

    HOLDS = "holds"
    OPEN = "open"
    BROKEN = "broken"


def guardrail_state(gain: Interval, margin: float) -> GuardrailState:
    """Return if a metric is surely not worse by more than `margin` (0.02 is 2 %), surely worse than that, or neither.

    Non-inferiority: what has to be shown is ``gain > -margin``, by the whole interval. "No significant difference"
    shows nothing, since with few users everything looks alike. `gain` is a lift, turned so that more is better.
    """
    if gain.low > -margin:
        return GuardrailState.HOLDS
    return GuardrailState.BROKEN if gain.high < -margin else GuardrailState.OPEN
