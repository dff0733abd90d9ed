"""Interleaving favours nobody by chance, and finds the better ranking with far fewer users than an A/B test."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.experiments.interleaving import NO_TEAM, draft, preference
from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.sequences import ConfidenceSequence
from recommender.engine.types import RowArray
from tests.recommender.drafts import list_outcome, team_draft

RANKINGS = st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=7).map(lambda items: np.array(items, np.int32))
SEQUENCE = ConfidenceSequence.tuned(0.05, minimum_effect=0.1)


def rows(*items: int) -> RowArray:
    return np.array(items, np.int32)


def test_teams_take_turns_and_skip_what_is_there() -> None:
    """The first picks 1; the second finds 1 placed and picks 2; then it begins with 3; the first has 4 left."""
    found = draft(rows(1, 2, 4, 5), rows(1, 2, 3, 6), 4, np.array([False, True]))
    assert found.items.tolist() == [1, 2, 3, 4]
    assert found.teams.tolist() == [0, 1, 1, 0]


@given(RANKINGS, RANKINGS, st.integers(1, 8))
def test_each_team_has_each_position_equally_often(first: RowArray, second: RowArray, length: int) -> None:
    """Over all coins: so clicks that only go by position speak for nobody, nor do won lists."""
    lists = [
        draft(first, second, length, np.array(coins)) for coins in product((False, True), repeat=(length + 1) // 2)
    ]
    ours, theirs = (np.sum([one.teams == team for one in lists], axis=0) for team in (0, 1))
    assert ours.tolist() == theirs.tolist()
    clicked = np.random.default_rng(len(first)).random(len(lists[0].items)) < 0.4
    assert sum(list_outcome(clicked, one.teams) for one in lists) == 0


@given(RANKINGS, RANKINGS, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_list_is_full_and_without_repeats(first: RowArray, second: RowArray, length: int, seed: int) -> None:
    found = team_draft(first, second, length, np.random.default_rng(seed))
    assert len(set(found.items.tolist())) == len(found.items) == len(found.teams)
    assert len(found.items) == min(length, len(set(first) | set(second)))
    assert set(found.items) <= set(first) | set(second)


def test_what_only_the_longer_ranking_has_counts_for_nobody() -> None:
    found = draft(rows(1), rows(2, 3, 4), 3, np.array([True, False]))
    assert found.items.tolist() == [2, 1, 3]
    assert found.teams.tolist() == [1, NO_TEAM, NO_TEAM]
    assert list_outcome(np.array([False, True, True]), found.teams) == 0


def test_the_outcome_of_a_list_is_by_most_clicks() -> None:
    teams = np.array([0, 1, 1, 0, NO_TEAM])
    assert list_outcome(np.array([True, True, True, False, True]), teams) == 1
    assert list_outcome(np.array([True, False, False, False, False]), teams) == -1
    assert list_outcome(np.array([True, True, False, False, False]), teams) == 0


def outcomes(rng: np.random.Generator, days: int, runs: int, users: int, win: float) -> Moments:
    """Return the running sums (days, runs) of users with a few decided lists each."""
    decided = rng.poisson(1.0, (days, runs, users))
    won = rng.binomial(decided, win)
    return Moments.of(2 * won - decided, decided).cumulated()


def test_random_clicks_call_a_winner_in_at_most_one_of_twenty_runs_looked_at_daily() -> None:
    sums = outcomes(np.random.default_rng(51), 28, 1_000, 40, 0.5)
    rates, covariance = sums.rates()
    error = np.sqrt(covariance[..., 0, 0])
    multiplier = SEQUENCE.multiplier(1 / error**2)
    readable = sums.n >= 100
    assert ((np.abs(rates[..., 0]) > multiplier * error) & readable).any(axis=0).mean() <= 0.05
    assert ((np.abs(rates[..., 0]) > 1.96 * error) & readable).any(axis=0).mean() > 0.15


def one(win: float, users: int = 3_000) -> Moments:
    sums = outcomes(np.random.default_rng(52), 1, 1, users, win)
    return Moments(sums.n[0, 0], sums.sums[0, 0], sums.products[0, 0])


@pytest.mark.parametrize(
    ("win", "users", "said"),
    [
        (0.6, 3_000, r"New is preferred to Old: of the lists that one of them wins it wins 6\d % \(5\d to 6\d\)\."),
        (0.4, 3_000, r"Old is preferred to New: of the lists that one of them wins it wins 6\d % \(5\d to 6\d\)\."),
        (0.5, 3_000, r"Too early to say if New or Old is preferred \(the preference is -\d+ % to \d+ %\)\."),
        (1.0, 90, "Too early to say: too few users"),
    ],
)
def test_the_preference_in_words(win: float, users: int, said: str) -> None:
    assert re.match(said, preference(one(win, users), SEQUENCE).sentence("Old", "New"))


RELEVANCE = np.linspace(0.5, 0.05, 12)
BETTER = np.arange(12, dtype=np.int32)
WORSE = BETTER.reshape(6, 2)[:, ::-1].ravel()
"""The same items, neighbours swapped."""
LOOK = 0.8 ** np.arange(6)


def clicks(rng: np.random.Generator, items: np.ndarray) -> np.ndarray:
    """Return what users click on, who go by position and by relevance."""
    return rng.random(items.shape) < LOOK * RELEVANCE[items]


def test_the_better_of_two_rankings_is_found() -> None:
    rng = np.random.default_rng(53)
    shown = [team_draft(BETTER[::-1], BETTER, 6, rng) for _ in range(1_000)]
    won = np.array([list_outcome(clicks(rng, one.items), one.teams) for one in shown])
    assert preference(Moments.of(won, np.abs(won)), SEQUENCE).interval.low > 0.3


def test_it_takes_less_than_a_tenth_of_the_users_of_an_ab_test() -> None:
    """Users with one list each, by (standard deviation / effect)^2; in an A/B test two groups differ, hence 4 times."""
    rng = np.random.default_rng(54)
    shown = [team_draft(WORSE, BETTER, 6, rng) for _ in range(10_000)]
    won = np.array([list_outcome(clicks(rng, one.items), one.teams) for one in shown])
    expected = (LOOK * RELEVANCE[BETTER[:6]]).sum() - (LOOK * RELEVANCE[WORSE[:6]]).sum()
    spread = clicks(rng, np.tile(BETTER[:6], (10_000, 1))).sum(axis=1).std()
    assert (won.std() / won.mean()) ** 2 < 4 * (spread / expected) ** 2 / 10


@given(RANKINGS, RANKINGS, st.integers(1, 8), st.integers(1, 3))
def test_what_may_not_stand_on_the_list_is_passed_over_and_longer_lists_begin_alike(
    first: RowArray, second: RowArray, length: int, most: int
) -> None:
    """At most so many odd numbers: as a cap of a placement has it."""

    def made(length: int) -> list[int]:
        taken: list[int] = []

        def admit(item: int) -> bool:
            may = item % 2 == 0 or len(taken) < most
            taken.extend([item] * (may and item % 2))
            return may

        found = draft(first, second, length, np.array([True, False] * 8), admit)
        assert len(found.items) == len(found.teams)
        return found.items.tolist()

    whole = made(8)
    assert sum(item % 2 for item in whole) <= most
    assert len(set(whole)) == len(whole)
    assert made(length) == whole[:length]
