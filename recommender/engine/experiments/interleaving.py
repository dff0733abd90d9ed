"""Mix two rankings into one list and see whose items are clicked: the same question as A/B, with far fewer users."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from recommender.engine.experiments import words
from recommender.engine.experiments.effects import FEWEST_USERS, Interval
from recommender.engine.experiments.moments import DENOMINATOR, Moments
from recommender.engine.experiments.readings import Decision
from recommender.engine.experiments.sequences import ConfidenceSequence
from recommender.engine.types import Mask, RowArray

NO_TEAM = -1
"""The team of an item whose clicks count for nobody."""

FEWEST_EFFECTIVE = 50
"""Users with a preference below whom nothing is read."""

POWER = 0.8
"""Share of experiments with a preference that is worth finding that find it in the time stated."""


@dataclass(frozen=True, eq=False)
class Interleaved:
    """Hold the list that is shown, and who placed what."""

    items: RowArray
    """Item rows (k,), best first; shorter than asked for where both rankings are."""
    teams: NDArray[np.int8]
    """0 for the first ranking, 1 for the second, NO_TEAM (k,)."""


def draft(
    first: RowArray, second: RowArray, length: int, second_begins: Mask, admit: Callable[[int], bool] | None = None
) -> Interleaved:
    """Interleave two rankings of item rows, each without repeats, best first, by one coin for each round.

    Team draft: Radlinski, Kurup and Joachims, "How Does Clickthrough Data Reflect Retrieval Quality?", 2008,
    algorithm 2. In each round a coin says which team picks first; each then picks its best item that is not yet placed.
    So each team has every position equally often, and a user who clicks at random prefers nobody.

    `admit` is asked once of each item, just before it is placed, whether it may stand beside those placed before; who
    may not is passed over for good. Positions depend on those before them alone, so pages of one list fit together.

    Teams pick for as many places as the shorter ranking has items: so far both can always pick, whatever the coins said
    before. Beyond it the longer ranking would get more places, and random clicks would speak for it: what is left fills
    up for nobody.
    """
    rankings: list[list[int]] = [first.tolist(), second.tolist()]
    items: list[int] = []
    teams: list[int] = []
    passed: set[int] = set()

    def picks(ranking: Iterable[int]) -> Iterator[int]:
        for item in ranking:
            if item not in passed:
                passed.add(item)
                if admit is None or admit(item):
                    yield item

    left = [picks(ranking) for ranking in rankings]
    for place in range(min(length, *map(len, rankings))):
        team = int(second_begins[place // 2]) ^ (place % 2)
        if (item := next(left[team], None)) is None:
            break
        items.append(item)
        teams.append(team)
    rest = list(islice(picks(_position_by_position(rankings)), max(length - len(items), 0)))
    return Interleaved(np.array(items + rest, np.int32), np.array(teams + [NO_TEAM] * len(rest), np.int8))


def _position_by_position(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Return all items once, by their best position; of two at the same one the first ranking's before the second's."""
    longest = max(map(len, rankings))
    return list(dict.fromkeys(ranking[at] for at in range(longest) for ranking in rankings if at < len(ranking)))


@dataclass(frozen=True)
class Preference:
    """Hold how much users prefer the second ranking, from -1 (the first always) over 0 to 1."""

    interval: Interval
    users: int
    readable: bool
    variance: float = math.nan
    """Of the estimate."""

    def decision(self, worth: float) -> Decision:
        """Return what the result allows; a preference below `worth` is not worth finding."""
        if not self.readable:
            return Decision.TOO_EARLY
        if self.interval.above_zero:
            return Decision.BETTER
        if self.interval.below_zero:
            return Decision.WORSE
        return Decision.INSIDE_THE_NOISE if max(-self.interval.low, self.interval.high) < worth else Decision.TOO_EARLY

    def sentence(self, first: str, second: str, worth: float = 0, days: float | None = None) -> str:
        """Return the result in words, with the names of the rankings; `days` is how long it takes from here."""
        if not self.readable:
            return "Too early to say: too few users have clicked one ranking more than the other."
        if self.interval.above_zero or self.interval.below_zero:
            winner, loser = (second, first) if self.interval.above_zero else (first, second)
            return f"{winner} is preferred to {loser}: of the lists that one of them wins it wins {self._won()}."
        if self.decision(worth) is Decision.INSIDE_THE_NOISE:
            most = words.share(worth)
            return f"Inside the noise: neither {second} nor {first} is preferred by {most} or more ({self._span()})."
        needs = "" if days is None else f"; needs {words.more_days(days)}"
        return f"Too early to say if {second} or {first} is preferred ({self._span()}){needs}."

    def _won(self) -> str:
        """Return the share of decided lists that the preferred ranking wins: "62 % (58 to 66)"."""
        gain = self.interval.negated() if self.interval.estimate < 0 else self.interval
        return words.change(Interval(*((1 + value) / 2 for value in (gain.estimate, gain.low, gain.high))))

    def _span(self) -> str:
        """Say where an unsure preference may lie."""
        low, high = words.percents([self.interval.low, self.interval.high])
        return f"the preference is {low} % to {high} %"


def days_left(found: Preference, sequence: ConfidenceSequence, worth: float, users_per_day: float) -> float:
    """Return the days until a preference of `worth` would mostly have been found, if users come as they do now.

    Inverts the sequence as `planning.days_left` does; infinite where nobody comes.
    """
    width = found.interval.high - found.interval.low
    if not found.readable or users_per_day <= 0 or not found.variance > 0 or not width > 0:
        return math.inf
    missing = sequence.information_needed(worth, POWER) - 1 / found.variance
    return max(missing, 0) * found.variance * found.users / users_per_day


def preference(outcomes: Moments, sequence: ConfidenceSequence) -> Preference:
    """Estimate the preference from each user's totals: won minus lost lists over won plus lost lists.

    It is twice the statistic of Chapelle, Joachims, Radlinski and Yue, "Large-scale Validation and Analysis of
    Interleaved Search Evaluation", 2012, ``(wins + ties / 2) / all - 1 / 2``, without the ties. `outcomes` has as
    numerator a user's won minus lost lists, as denominator the lists that were not tied. The interval is of the same
    sequence as in other experiments, with 1 / standard error^2 as its clock; tune it to the least preference worth
    finding, 0.05 say.
    """
    rates, covariance = outcomes.rates()
    estimate, variance = float(rates[0]), float(covariance[0, 0])
    decided = float(outcomes.sums[DENOMINATOR])
    carried = decided**2 / max(float(outcomes.products[DENOMINATOR, DENOMINATOR]), 1e-9)
    readable = bool(outcomes.n >= FEWEST_USERS and carried >= FEWEST_EFFECTIVE and variance > 0)
    if not readable:
        return Preference(Interval(estimate, -1, 1), int(outcomes.n), False)
    radius = float(sequence.multiplier(1 / variance)) * variance**0.5
    interval = Interval(estimate, max(estimate - radius, -1), min(estimate + radius, 1))
    return Preference(interval, int(outcomes.n), True, variance)
