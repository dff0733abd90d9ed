"""Reasons in words: what somebody did with the items that weigh most, and never who else did what."""

from collections.abc import Sequence

import numpy as np
import pytest

from recommender.serving.candidates import Attribution
from recommender.serving.reasons import sentence


@pytest.mark.parametrize(
    ("titles", "kinds", "said"),
    [
        (["Emma"], [["rating"]], "Because you liked “Emma”."),
        (["Emma", "Middlemarch"], [["rating"], ["like"]], "Because you liked “Emma” and “Middlemarch”."),
        (["Emma"], [["view", "purchase"]], "Because you bought “Emma”."),
        (["Emma", "Walden"], [["view"], ["click"]], "Because you looked at “Emma” and “Walden”."),
        (["Emma", "Walden"], [["view"], ["purchase"]], "Because you looked at “Emma” and bought “Walden”."),
        (["Emma"], [["wishlist"]], "Because you chose “Emma”."),
        (["Emma"], [[]], "Because you chose “Emma”."),
    ],
)
def test_the_strongest_act_is_the_one_that_is_named(
    titles: Sequence[str], kinds: Sequence[Sequence[str]], said: str
) -> None:
    assert sentence(titles, kinds) == said


def attribution(**parts: float) -> Attribution:
    """One place, of one liked item that speaks for it, with what the sources gave."""
    given = {name: np.array([value], np.float32) for name, value in parts.items()}
    crowd = frozenset({"popular", "segment_popular"})
    return Attribution(np.array([7]), [frozenset({"view"})], np.ones((1, 1), np.float32), given, crowd)


@pytest.mark.parametrize(
    ("parts", "crowd"),
    [
        ({"ease": 1.0, "popular": 0.9}, None),
        ({"ease": 0.9, "popular": 1.0}, "popular"),
        ({"ease": 1.5, "als": -0.6, "popular": 1.0}, "popular"),
        ({"ease": 0.9, "popular": 0.6, "segment_popular": 0.7}, "segment_popular"),
        ({"ease": 0.9, "popular": float("nan"), "segment_popular": float("nan")}, None),
        ({"ease": 0.9}, None),
        ({}, None),
    ],
)
def test_a_crowd_leads_where_it_gives_more_than_half_of_the_score(parts: dict[str, float], crowd: str | None) -> None:
    assert attribution(**parts).leading_crowd(0) == crowd
