"""Randomised lists come as often as their propensities say, which are those of all orders counted one by one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chisquare

from recommender.engine.estimates.plackett_luce import draw, position_propensities
from recommender.engine.types import UNKNOWN

SCORES = st.lists(st.floats(-3, 3), min_size=1, max_size=6).map(np.array)


def chance(weights: np.ndarray, order: tuple[int, ...]) -> float:
    """Return the probability of a list, pick by pick. What is left is added up, so that small weights count."""
    left, found = list(range(len(weights))), 1.0
    for item in order:
        found *= weights[item] / weights[left].sum()
        left.remove(item)
    return found


def enumerated(scores: np.ndarray, temperature: float, length: int) -> np.ndarray:
    """Return the probability of each candidate at each position (n, length), over all orders."""
    found = np.zeros((len(scores), length))
    weights = np.exp(scores / temperature)
    for order in permutations(range(len(scores)), min(length, len(scores))):
        found[list(order), range(len(order))] += chance(weights, order)
    return found


@settings(max_examples=40, deadline=None)
@example(np.array([2.0, -3.0]), 0.2, 2)
@given(SCORES, st.sampled_from([0.2, 0.7, 1.0, 5.0]), st.integers(1, 4))
def test_position_propensities_are_those_of_all_orders(scores: np.ndarray, temperature: float, length: int) -> None:
    columns = np.arange(len(scores))[None]
    found = position_propensities(scores[None], temperature, length, columns)[0]
    assert_allclose(found, enumerated(scores, temperature, length), atol=1e-7)


def test_many_candidates_of_many_lists_are_counted_exactly() -> None:
    """What stands at a position adds up to one, whatever the temperature and however many lists there are."""
    scores = np.random.default_rng(61).normal(size=(40, 30))
    columns = np.tile(np.arange(30), (40, 1))
    for temperature in (0.05, 1.0, 50.0):
        found = position_propensities(scores, temperature, 5, columns)
        assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert_allclose(found[0], 1 / 30, atol=0.01)


def test_lists_come_as_often_as_their_propensities_say() -> None:
    scores = np.array([0.0, 0.5, 1.0, 2.0])
    drawn = draw(np.tile(scores, (20_000, 1)), 1.0, 2, np.random.default_rng(62))
    orders = list(permutations(range(4), 2))
    counts = [(drawn.columns == order).all(axis=1).sum() for order in orders]
    expected = [20_000 * chance(np.exp(scores), order) for order in orders]
    assert chisquare(counts, expected).pvalue > 0.001


@given(SCORES, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_the_propensities_of_a_draw_are_those_of_its_picks(scores: np.ndarray, length: int, seed: int) -> None:
    drawn = draw(scores[None], 0.5, length, np.random.default_rng(seed))
    order = drawn.columns[0][drawn.columns[0] != UNKNOWN]
    assert len(set(order.tolist())) == len(order) == min(length, len(scores))
    assert drawn.propensities.shape == (1, length)
    assert drawn.propensities.prod() == pytest.approx(chance(np.exp(scores / 0.5), tuple(order)))


def test_a_low_temperature_leaves_the_order_alone() -> None:
    scores = np.random.default_rng(63).permutation(20).astype(float)
    drawn = draw(np.tile(scores, (50, 1)), 0.01, 10, np.random.default_rng(63))
    assert_array_equal(drawn.columns, np.tile(np.argsort(-scores)[:10], (50, 1)))
    assert_allclose(drawn.propensities, 1)


def test_what_has_no_score_is_never_drawn() -> None:
    scores = np.array([[1.0, np.nan, 0.0]])
    drawn = draw(scores, 1.0, 3, np.random.default_rng(64))
    assert sorted(drawn.columns[0]) == [UNKNOWN, 0, 2]
    found = position_propensities(scores, 1.0, 3, np.array([[0, 1, 2, UNKNOWN]]))[0]
    assert_allclose(found[:3, :2].sum(axis=0), 1)
    assert_array_equal(found[[1, 3]], 0)


@pytest.mark.parametrize(
    ("scores", "temperature", "said"),
    [([[1.0]], 0.0, "temperature must be above 0"), ([[np.nan, np.nan]], 1.0, "at least one candidate")],
)
def test_what_can_not_be_drawn_from_is_refused(scores: list[list[float]], temperature: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw(scores, temperature, 1, np.random.default_rng())
